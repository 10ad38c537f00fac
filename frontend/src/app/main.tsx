import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, makeParts } from "./App";

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <App {...makeParts()} />
  </StrictMode>,
);
