// How old the picture on the screen is, and what to say when it is too old to trust.
import type { ApiProblem } from "@/api/problem";
import type { HealthReport } from "@/api/types";

/** Older than this is no longer called live. */
export const LIVE_SECONDS = 15;
/** A quiet cluster is looked at every 30 s at the longest, and a stream says so every 5 s; longer means trouble. */
export const SILENT_SECONDS = 50;

const UNANSWERED_SECONDS = 5;

export type Freshness =
  | { state: "unknown" }
  | { state: "live"; age: number }
  | { state: "aging"; age: number }
  | { state: "stale"; age: number | null; why: string };

export function freshness(
  report: Pick<HealthReport, "engine" | "stale_seconds"> | undefined,
  receivedAt: number,
  now: number,
  problem: ApiProblem | null,
  streaming = false,
): Freshness {
  if (report === undefined) {
    return problem === null ? { state: "unknown" } : { state: "stale", age: null, why: problem.detail };
  }
  // Ages, not clocks: the server's and the browser's need not agree.
  const age =
    report.stale_seconds === null ? null : report.stale_seconds + Math.max(0, now - receivedAt) / 1000;
  if (!report.engine.connected) {
    return { state: "stale", age, why: report.engine.detail ?? "The Docker engine does not answer." };
  }
  if (age === null) return { state: "stale", age, why: "The Docker engine has not answered yet." };
  // A server that does not answer is known sooner than an engine that is silent.
  if (problem !== null && age > UNANSWERED_SECONDS) return { state: "stale", age, why: problem.detail };
  // A stream tells at once when the engine is lost, and how fresh the picture is only now and then.
  if (age <= (streaming ? SILENT_SECONDS : LIVE_SECONDS)) return { state: "live", age };
  if (age <= SILENT_SECONDS) return { state: "aging", age };
  return {
    state: "stale",
    age,
    why: "The Docker engine answers, but no new picture of the cluster has come.",
  };
}
