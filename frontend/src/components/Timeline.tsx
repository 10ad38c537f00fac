// What happened, newest first; new entries come by themselves.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Box, Boxes, History, type LucideIcon, Plug, Rocket, Server } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { TimelineEntry } from "@/api/types";
import { useTimeline } from "@/hooks/useApi";
import { day } from "@/lib/format";
import type { Tone } from "@/lib/status";
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

function Entry({ entry, named }: { entry: TimelineEntry; named: boolean }) {
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
        <span className={entry.severity === "bad" ? "text-bad-ink" : "text-ink-2"}>
          {named && entry.service !== null ? (
            <Linked text={entry.text} service={entry.service} />
          ) : (
            <Said>{entry.text}</Said>
          )}
        </span>
        {entry.node !== null && entry.kind !== "node" && !entry.text.includes(entry.node) && (
          <span className="text-ink-3 text-sm"> on {entry.node}</span>
        )}
      </p>
      <RelativeTime at={entry.at} className="num whitespace-nowrap pt-px text-ink-3 text-sm" />
    </li>
  );
}

/** Of one service, or of the whole cluster. */
export function Timeline({
  service,
  first,
  more = true,
}: {
  service?: string;
  first: number;
  more?: boolean;
}) {
  const [limit, setLimit] = useState(first);
  const { data, error, refetch, isPlaceholderData } = useTimeline(service, limit);
  if (data === undefined)
    return error === null ? (
      <SkeletonRows rows={5} label="Loading what happened" />
    ) : (
      <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
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
  let last = "";
  return (
    <>
      <ol aria-label={service === undefined ? "What happened" : `What happened to ${service}`}>
        {data.items.map((entry) => {
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
            <Entry key={entry.id} entry={entry} named={service === undefined} />,
          ];
        })}
      </ol>
      {more && data.total > data.items.length && limit < MOST && (
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
