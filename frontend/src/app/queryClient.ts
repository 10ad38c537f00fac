// The cache of server state, and what a lost session or permission means wherever it is noticed.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiProblem } from "@/api/problem";

interface Lost {
  /** The session has ended. */
  onSignedOut: () => void;
  /** Something is not allowed that the page offered: what is allowed has changed. */
  onDenied: () => void;
}

export function makeQueryClient({ onSignedOut, onDenied }: Lost): QueryClient {
  const watch = (error: unknown) => {
    if (!(error instanceof ApiProblem)) return;
    if (error.status === 401) onSignedOut();
    if (error.code === "denied") onDenied();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: watch }),
    mutationCache: new MutationCache({ onError: watch }),
    defaultOptions: {
      queries: {
        // What the server refuses it will refuse again; only silence is worth another try.
        retry: (failures, error) => failures < 1 && (!(error instanceof ApiProblem) || error.status === 0),
        retryDelay: 400,
        staleTime: 1_000,
        // Our server may well be reachable when the browser believes it is offline (air-gapped networks).
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}
