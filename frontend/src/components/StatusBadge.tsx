import { clsx } from "clsx";
import {
  Check,
  CircleSlash,
  Clock,
  FileWarning,
  type LucideIcon,
  RefreshCw,
  Square,
  TriangleAlert,
  X,
} from "lucide-react";
import type { BuildState, DeploymentState, Service } from "@/api/types";
import {
  buildMeaning,
  deploymentMeaning,
  nodeMeaning,
  serviceMeaning,
  type Tone,
  taskMeaning,
} from "@/lib/status";

const icons: Record<Tone, LucideIcon> = {
  ok: Check,
  move: RefreshCw,
  wait: Clock,
  warn: TriangleAlert,
  bad: X,
  off: Square,
};

export const toneBadge: Record<Tone, string> = {
  ok: "bg-ok-soft text-ok-ink",
  move: "bg-move-soft text-move-ink",
  wait: "bg-wait-soft text-wait-ink",
  warn: "bg-warn-soft text-warn-ink",
  bad: "bg-bad-soft text-bad-ink",
  off: "bg-off-soft text-off-ink",
};

export const toneFill: Record<Tone, string> = {
  ok: "bg-ok",
  move: "bg-move",
  wait: "bg-wait",
  warn: "bg-warn",
  bad: "bg-bad",
  off: "bg-off",
};

interface BadgeProps {
  tone: Tone;
  word: string;
  reason?: string | undefined;
  icon?: LucideIcon;
  title?: string | undefined;
}

/** Icon, word and colour together: never colour alone. */
export function Badge({ tone, word, reason, icon, title }: BadgeProps) {
  const Icon = icon ?? icons[tone];
  return (
    <span
      title={title}
      className={clsx(
        "inline-flex max-w-full items-center gap-1.5 whitespace-nowrap rounded-full py-0.5 pr-2 pl-1.5 font-semibold text-xs",
        toneBadge[tone],
      )}
    >
      <Icon aria-hidden className="size-3 shrink-0" strokeWidth={2.75} />
      <span className="truncate">
        {word}
        {reason !== undefined && <span className="font-medium">, {reason}</span>}
      </span>
    </span>
  );
}

export function StatusBadge({ service }: { service: Pick<Service, "status" | "reason" | "message"> }) {
  const { tone, word, reason } = serviceMeaning(service);
  return (
    <Badge
      tone={tone}
      word={word}
      reason={reason}
      title={service.message ?? undefined}
      {...(service.status === "broken" && { icon: FileWarning })}
    />
  );
}

export function DeploymentBadge({ state }: { state: DeploymentState }) {
  return <Badge {...deploymentMeaning(state)} />;
}

export function BuildBadge({ state, title }: { state: BuildState; title?: string | undefined }) {
  return <Badge {...buildMeaning(state)} title={title} />;
}

export function TaskBadge({ state }: { state: string }) {
  return <Badge {...taskMeaning(state)} />;
}

export function NodeBadge({ node }: { node: { state: string; availability: string } }) {
  const meaning = nodeMeaning(node);
  return <Badge {...meaning} {...(meaning.tone === "wait" && { icon: CircleSlash })} />;
}
