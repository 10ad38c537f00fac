import "./styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { watchMissingParts } from "@/lib/newerPage";
import { App, makeParts } from "./App";

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
watchMissingParts();
createRoot(place).render(
  <StrictMode>
    <App {...makeParts()} />
  </StrictMode>,
);
