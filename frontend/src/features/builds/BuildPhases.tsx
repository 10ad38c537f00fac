// Where the time went: the parts of a build beside each other, each as long as it took.
import { clsx } from "clsx";
import type { Build } from "@/api/types";
import { useNow } from "@/hooks/useNow";
import { duration, phaseTimes } from "@/lib/buildTimes";
import { whenExactly } from "@/lib/format";

export function BuildPhases({ build }: { build: Build }) {
  const now = useNow(1_000);
  const phases = phaseTimes(build, now);
  if (phases.length === 0) return null;
  const failed = build.state === "failed" || build.state === "interrupted";
  const given = build.state === "cancelled";
  return (
    <ol
      aria-label="Phases"
      className="card mb-4 flex flex-wrap overflow-hidden max-sm:grid max-sm:grid-cols-3"
    >
      {phases.map(({ phase, word, doing, seconds, at, now: current, inVain }, index) => {
        const last = index === phases.length - 1;
        const broke = inVain || (failed && last);
        const left = given && last;
        return (
          <li
            key={`${phase} ${at}`}
            title={`Since ${whenExactly(at)}`}
            aria-current={current ? "step" : undefined}
            // Long parts are wider, short ones stay readable.
            style={{ flexGrow: Math.max(1, Math.min(20, seconds)) }}
            className="-mr-px -mb-px min-w-fit border-line border-r border-b px-4 pt-2.5 pb-2 max-sm:px-3"
          >
            <div aria-hidden className="mb-2 h-1 overflow-hidden rounded-full bg-sunken">
              <div
                className={clsx(
                  "h-full rounded-full",
                  current
                    ? "w-1/3 animate-[slide_1.4s_ease-in-out_infinite] bg-move"
                    : broke
                      ? "bg-bad"
                      : phase === "queued" || left
                        ? "bg-off"
                        : "bg-ok",
                )}
              />
            </div>
            <div className="flex items-baseline justify-between gap-2 whitespace-nowrap text-sm">
              <span className={clsx(current ? "font-medium" : broke ? "text-bad-ink" : "text-ink-2")}>
                {current || broke || left ? doing : word}
              </span>
              <span className="num text-ink-3">{duration(seconds, current)}</span>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
