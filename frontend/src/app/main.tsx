import "./styles.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Session } from "@/api/types";
import { queries } from "@/hooks/useApi";
import { makeQueryClient } from "./queryClient";
import { makeRouter } from "./router";

const cache = makeQueryClient(() => {
  const { queryKey } = queries.session();
  const session = cache.getQueryData(queryKey);
  if (session?.state !== "signed_in") return;
  // An expired session: to the sign-in, and from there back to here.
  cache.setQueryData(queryKey, { ...session, state: "signed_out", username: null } satisfies Session);
  void router.invalidate();
});
const router = makeRouter(cache);

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
