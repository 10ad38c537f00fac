// The phases of a deployment, each with how long it lasted; the one under way goes on counting.
import { clsx } from "clsx";
import type { Deployment } from "@/api/types";
import { toneFill } from "@/components/StatusBadge";
import { useNow } from "@/hooks/useNow";
import { clockTime, span, whenExactly } from "@/lib/format";
import { deploymentMeaning, isFinal, type Tone } from "@/lib/status";

type Phase = Deployment["phases"][number]["phase"];

/** What goes on from this point to the next. */
const words: Record<Phase, string> = {
  accepted: "accepted here",
  building: "waits for its build",
  sent: "taken by the engine",
  unknown: "no answer from the engine",
  starting: "tasks start on nodes",
  converged: "all up, watched",
  lost: "no longer all up",
  verdict: "verdict",
};

const tones: Partial<Record<Phase, Tone>> = { unknown: "warn", lost: "warn", converged: "ok" };

const lasted = (seconds: number) => (seconds < 10 ? `${seconds.toFixed(1)} s` : span(seconds));

export function PhaseTrack({ deployment }: { deployment: Deployment }) {
  const now = useNow(1_000);
  const { phases, state, created_at: from } = deployment;
  const all = phases.some(({ phase }) => phase === "accepted")
    ? phases
    : [{ phase: "accepted" as const, at: from }, ...phases];
  const over = isFinal(state);
  return (
    <ol aria-label="Phases" className="flex flex-col">
      {all.map(({ phase, at }, index) => {
        const next = all[index + 1];
        const last = next === undefined;
        const end = last ? now : new Date(next.at).getTime();
        const seconds = Math.max(0, (end - new Date(at).getTime()) / 1000);
        const verdict = phase === "verdict";
        const tone: Tone = verdict
          ? deploymentMeaning(state).tone
          : last && !over
            ? "move"
            : (tones[phase] ?? "off");
        return (
          <li key={`${phase} ${at}`} className="relative flex items-center gap-3 py-1.5 pl-1">
            {!last && <span aria-hidden className="absolute top-[1.3rem] left-[8px] h-full w-px bg-line" />}
            <span
              aria-hidden
              className={clsx(
                "z-[1] size-[9px] shrink-0 rounded-full",
                toneFill[tone],
                last && !over && "animate-pulse",
              )}
            />
            <span className={clsx("min-w-0 flex-1", last ? "font-medium" : "text-ink-2")}>
              {verdict ? deploymentMeaning(state).word : words[phase]}
            </span>
            <span className="num whitespace-nowrap text-ink-2 text-sm">
              {verdict ? "" : last && over ? "" : lasted(seconds)}
            </span>
            <time
              dateTime={at}
              title={whenExactly(at)}
              className="num w-16 whitespace-nowrap text-right text-ink-3 text-sm"
            >
              {clockTime(at).slice(0, 8)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}
