// The instructions of the Dockerfile as the builder goes through them; each leads to its first line.
import { clsx } from "clsx";
import { Check, LoaderCircle, X, Zap } from "lucide-react";
import type { BuildStep } from "@/api/types";
import { Card } from "@/components/Layout";
import { useNow } from "@/hooks/useNow";
import { duration } from "@/lib/buildTimes";
import { plural } from "@/lib/format";

interface Props {
  steps: readonly BuildStep[];
  /** The build has ended: nothing goes on any more. */
  ended: boolean;
  onStep: (step: BuildStep) => void;
}

export function BuildSteps({ steps, ended, onStep }: Props) {
  const now = useNow(1_000);
  const cached = steps.filter((step) => step.cached).length;
  return (
    <Card
      title="Steps"
      sub={`${plural(steps.length, "step")}${cached > 0 ? `, ${cached} from the cache` : ""}`}
    >
      <ol className="max-h-[26rem] overflow-y-auto py-1">
        {steps.map((step) => (
          <li key={step.id}>
            <button
              type="button"
              onClick={() => onStep(step)}
              className="flex w-full items-start gap-2.5 px-4 py-1.5 text-left hover:bg-bg focus-visible:-outline-offset-2"
            >
              <StepMark step={step} ended={ended} />
              <span
                title={step.name}
                className={clsx(
                  "line-clamp-2 min-w-0 flex-1 font-mono text-xs leading-[1.15rem] [overflow-wrap:anywhere]",
                  step.error != null && "text-bad-ink",
                  step.cached && "text-ink-3",
                )}
              >
                {step.name}
              </span>
              <span className="num whitespace-nowrap text-ink-3 text-xs leading-[1.15rem]">
                {step.cached ? "cached" : took(step, ended, now)}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function took({ started_at: from, finished_at: to }: BuildStep, ended: boolean, now: number): string {
  if (from == null) return "";
  if (to == null && ended) return "";
  const seconds = Math.max(0, ((to == null ? now : Date.parse(to)) - Date.parse(from)) / 1000);
  return duration(seconds, to == null);
}

function StepMark({ step, ended }: { step: BuildStep; ended: boolean }) {
  const mark = "mt-0.5 size-3.5 shrink-0";
  const [Icon, tone, word] =
    step.error != null
      ? [X, "text-bad-ink", "failed"]
      : step.cached
        ? [Zap, "text-ink-3", "from the cache"]
        : step.finished_at != null
          ? [Check, "text-ok-ink", "done"]
          : step.started_at != null && !ended
            ? [LoaderCircle, "animate-spin text-move-ink", "running"]
            : [null, "", ended ? "not finished" : "not begun"];
  return (
    <>
      {Icon === null ? (
        <span aria-hidden className={clsx(mark, "grid place-items-center")}>
          <span className="size-1.5 rounded-full bg-off" />
        </span>
      ) : (
        <Icon aria-hidden className={clsx(mark, tone)} strokeWidth={2.5} />
      )}
      <span className="sr-only">{word}: </span>
    </>
  );
}
