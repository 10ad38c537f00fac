// How long the parts of a build took: pure, for its page and its tests.
import type { Build, BuildPhase } from "@/api/types";

const words: Record<BuildPhase, string> = {
  queued: "waited",
  packing: "packed",
  building: "built",
  tagging: "tagged",
  pushing: "pushed",
  verifying: "verified",
  ended: "ended",
};
const doing: Record<BuildPhase, string> = {
  queued: "waiting",
  packing: "packing the folder",
  building: "building",
  tagging: "tagging",
  pushing: "pushing",
  verifying: "looking what arrived",
  ended: "ended",
};

export interface PhaseTime {
  phase: BuildPhase;
  word: string;
  doing: string;
  seconds: number;
  at: string;
  /** It is in this one now. */
  now: boolean;
  /** It ended here, and was tried again after. */
  inVain: boolean;
}

const between = (from: string, to: number) => Math.max(0, (to - new Date(from).getTime()) / 1000);

export function phaseTimes(build: Pick<Build, "phases" | "finished_at">, now: number): PhaseTime[] {
  const { phases, finished_at: finished } = build;
  return phases
    .map(({ phase, at }, index) => {
      const next = phases[index + 1]?.at ?? finished;
      const running = next === null;
      return {
        phase,
        word: words[phase],
        doing: doing[phase],
        seconds: between(at, running ? now : new Date(next).getTime()),
        at,
        now: running,
        inVain: phases[index + 1]?.phase === "ended" && index + 2 < phases.length,
      };
    })
    .filter(({ phase }) => phase !== "ended");
}

/** From its start, or from its wish while it waits. */
export function tookSeconds(
  build: Pick<Build, "created_at" | "started_at" | "finished_at">,
  now: number,
): number {
  const { created_at: created, started_at: started, finished_at: finished } = build;
  return between(started ?? created, finished === null ? now : new Date(finished).getTime());
}

/** `4.2 s`, `48 s`, `3 min 5 s`: of parts of a build one wants to compare; what still runs ticks in whole ones. */
export function duration(seconds: number, runs = false): string {
  const value = runs ? Math.round(seconds) : seconds;
  if (value < 10) return `${runs ? value : value.toFixed(1)} s`;
  if (value < 90) return `${Math.round(value)} s`;
  const whole = Math.round(value);
  if (whole < 5_400) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
