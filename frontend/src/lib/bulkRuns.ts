// The change of many services that was asked for last; it outlives the view, so that one can come back to it.
import type { ApiProblem } from "@/api/problem";
import type { Deployment } from "@/api/types";

export type BulkAct = "deploy" | "stop" | "restart" | "scale" | "delete";

export interface BulkItem {
  service: string;
  deployment: Deployment | null;
  problem: Pick<ApiProblem, "code" | "detail"> | null;
  /** Nothing was heard of it yet. */
  waiting: boolean;
}

export interface BulkRun {
  act: BulkAct;
  replicas: number | null;
  items: readonly BulkItem[];
}

let run: BulkRun | null = null;
const listeners = new Set<() => void>();

export const bulkRuns = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  get: () => run,
  set(next: BulkRun | null) {
    run = next;
    for (const listener of listeners) listener();
  },
  /** Only while that run is still the one that is shown. */
  answer(items: readonly BulkItem[]) {
    if (run === null) return;
    const news = new Map(items.map((item) => [item.service, item]));
    bulkRuns.set({ ...run, items: run.items.map((item) => news.get(item.service) ?? item) });
  },
};

const final = new Set<Deployment["state"]>([
  "succeeded",
  "failed",
  "stuck",
  "rolled_back",
  "superseded",
  "unknown",
]);

export type Outcome = "bad" | "going" | "good";

export function outcomeOf({ problem, deployment, waiting }: BulkItem): Outcome {
  if (waiting) return "going";
  if (deployment === null) return problem === null ? "good" : "bad";
  if (!final.has(deployment.state)) return "going";
  return deployment.state === "succeeded" || deployment.state === "superseded" ? "good" : "bad";
}

const rank: Record<Outcome, number> = { bad: 0, going: 1, good: 2 };

/** What went wrong comes first, then what goes on; each in the order it was asked for. */
export const failuresFirst = (items: readonly BulkItem[]) =>
  [...items].sort((a, b) => rank[outcomeOf(a)] - rank[outcomeOf(b)]);
