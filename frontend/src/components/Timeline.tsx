// What happened, newest first; new entries come by themselves.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Box, Boxes, Hammer, History, type LucideIcon, Plug, Rocket, Server } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { TimelineEntry } from "@/api/types";
import { useTimeline } from "@/hooks/useApi";
import { day, whenExactly } from "@/lib/format";
import type { Tone } from "@/lib/status";
import { type Run, runsOf } from "@/lib/timelineRuns";
import { Button } from "./Button";
import { RelativeTime } from "./RelativeTime";
import { Said } from "./Said";
import { EmptyState, ProblemState, SkeletonRows } from "./States";
import { toneBadge } from "./StatusBadge";

const icons: Record<TimelineEntry["kind"], [LucideIcon, string]> = {
  task: [Box, "Task"],
  service: [Boxes, "Service"],
  node: [Server, "Node"],
  deployment: [Rocket, "Deployment"],
  engine: [Plug, "Engine"],
  build: [Hammer, "Build"],
};

const tones: Record<TimelineEntry["severity"], Tone> = {
  info: "off",
  good: "ok",
  bad: "bad",
  warn: "warn",
};

const MOST = 1_000;

/** The sentence with its service's name as the way there. */
function Linked({ text, service }: { text: string; service: string }) {
  const at = text.indexOf(service);
  return (
    <>
      {at > 0 && <Said>{text.slice(0, at)}</Said>}
      <Link
        to="/services/$name"
        params={{ name: service }}
        search={{ tab: "timeline" }}
        className="font-semibold text-ink hover:text-accent hover:underline"
      >
        {service}
      </Link>
      <Said>{at === -1 ? `: ${text}` : text.slice(at + service.length)}</Said>
    </>
  );
}

function Entry({ run: { entry, times, since }, named }: { run: Run; named: boolean }) {
  const [Icon, kind] = icons[entry.kind];
  return (
    <li className="flex items-start gap-2.5 border-line border-b px-4 py-2 last:border-b-0">
      <span
        className={clsx(
          "mt-px grid size-5 shrink-0 place-items-center rounded-md",
          toneBadge[tones[entry.severity]],
        )}
      >
        <Icon aria-hidden className="size-3" strokeWidth={2.5} />
        <span className="sr-only">{kind}</span>
      </span>
      <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <span className="text-ink-2">
          {named && entry.service !== null ? (
            <Linked text={entry.text} service={entry.service} />
          ) : (
            <Said>{entry.text}</Said>
          )}
        </span>
        {entry.node !== null && entry.kind !== "node" && !entry.text.includes(entry.node) && (
          <span className="text-ink-3 text-sm"> on {entry.node}</span>
        )}
        {times > 1 && (
          <span
            title={`The first of them ${whenExactly(since)}`}
            className="num ml-1.5 whitespace-nowrap rounded-full bg-off-soft px-1.5 py-px font-medium text-off-ink text-xs"
          >
            {times} times
          </span>
        )}
      </p>
      <RelativeTime at={entry.at} className="num whitespace-nowrap pt-px text-ink-3 text-sm" />
    </li>
  );
}

interface Props {
  /** Without it: of the whole cluster. */
  service?: string;
  first: number;
  /** In so many lines, what repeats itself told once. */
  lines?: number;
}

export function Timeline({ service, first, lines }: Props) {
  const [limit, setLimit] = useState(first);
  const { data, error, refetch, isPlaceholderData } = useTimeline(service, limit);
  if (data === undefined)
    return error === null ? (
      <SkeletonRows rows={5} label="Loading what happened" />
    ) : (
      <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
    );
  if (data.items.length === 0 && lines !== undefined)
    return (
      <p className="px-4 py-5 text-ink-3">
        Nothing yet. Tasks that start and fail and nodes that come and go are written down, also while nobody
        looks.
      </p>
    );
  if (data.items.length === 0)
    return (
      <EmptyState icon={History} title="Nothing happened yet">
        <p>
          Tasks that start and fail, nodes that come and go, deployments and their verdicts are written down
          here, also while nobody looks.
        </p>
      </EmptyState>
    );
  const runs =
    lines === undefined
      ? data.items.map((entry): Run => ({ entry, times: 1, since: entry.at }))
      : runsOf(data.items, lines);
  let last = "";
  return (
    <>
      <ol aria-label={service === undefined ? "What happened" : `What happened to ${service}`}>
        {runs.map((run) => {
          const { entry } = run;
          const today = day(entry.at);
          const heading = last !== "" && last !== today ? today : null;
          last = today;
          return [
            heading !== null && (
              <li
                key={heading}
                className="border-line border-b bg-bg px-4 py-1 font-medium text-ink-3 text-xs"
              >
                {heading}
              </li>
            ),
            <Entry key={entry.id} run={run} named={service === undefined} />,
          ];
        })}
      </ol>
      {lines === undefined && data.total > data.items.length && limit < MOST && (
        <div className="border-line border-t p-2 text-center">
          <Button
            look="quiet"
            size="sm"
            busy={isPlaceholderData}
            onClick={() => setLimit(Math.min(limit * 4, MOST))}
          >
            Show older
          </Button>
        </div>
      )}
    </>
  );
}
