// The page, joined: cache, router, and what happens when the session ends.
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type RouterHistory, RouterProvider } from "@tanstack/react-router";
import type { Session } from "@/api/types";
import { queries } from "@/hooks/useApi";
import { makeQueryClient } from "./queryClient";
import { makeRouter } from "./router";

export interface Parts {
  cache: QueryClient;
  router: ReturnType<typeof makeRouter>;
}

export function makeParts(history?: RouterHistory): Parts {
  const { queryKey } = queries.session();
  const cache = makeQueryClient({
    onSignedOut: () => {
      const session = cache.getQueryData(queryKey);
      if (session?.state !== "signed_in") return;
      // An expired session: the view stays as it is, below a dialog that signs in again.
      cache.setQueryData(queryKey, { ...session, state: "signed_out" } satisfies Session);
    },
    onDenied: () => void cache.invalidateQueries({ queryKey }),
  });
  const router = makeRouter(cache, history);
  return { cache, router };
}

export function App({ cache, router }: Parts) {
  return (
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
