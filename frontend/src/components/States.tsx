// The three states of a view besides its data: loading, empty, problem.
import { clsx } from "clsx";
import { CircleAlert, Lock, type LucideIcon, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import type { ApiProblem } from "@/api/problem";
import { Button } from "./Button";
import { Said } from "./Said";

export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={clsx("skeleton block", className)} />;
}

/** Rows of the height that the data will have, so that nothing jumps. */
export function SkeletonRows({ rows = 6, label }: { rows?: number; label: string }) {
  const widths = ["w-40", "w-28", "w-48", "w-32", "w-36", "w-44"];
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
          key={row}
          className="flex h-[41px] items-center gap-8 border-line border-b px-4 last:border-b-0"
        >
          <span className="w-48 shrink-0 max-sm:w-36">
            <Skeleton className={clsx("h-3.5 max-w-full", widths[row % widths.length])} />
          </span>
          <Skeleton className="h-5 w-20 rounded-full" />
          <Skeleton className="h-3.5 w-24 max-sm:hidden" />
          <Skeleton className="h-3.5 flex-1 max-md:hidden" />
        </div>
      ))}
    </div>
  );
}

interface EmptyStateProps {
  icon: LucideIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
  /** On a page that has no other heading. */
  first?: boolean;
}

export function EmptyState({ icon: Icon, title, children, action, first = false }: EmptyStateProps) {
  const Heading = first ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-xl flex-col items-center gap-3 px-6 py-12 text-center">
      <span className="grid size-11 place-items-center rounded-xl bg-accent-soft text-accent">
        <Icon aria-hidden className="size-5" />
      </span>
      <Heading className="font-semibold text-lg tracking-tight">{title}</Heading>
      <div className="flex w-full min-w-0 flex-col gap-3 text-ink-2">{children}</div>
      {action !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

const titles: Record<string, string> = {
  no_answer: "No answer from the server",
  docker_unreachable: "The Docker engine does not answer",
  docker_frozen: "The Docker engine hangs",
  swarm_no_leader: "The swarm has no leader",
  not_a_manager: "This engine is not a swarm manager",
  swarm_locked: "The swarm is locked",
  no_picture_yet: "Still looking at the cluster",
  registry_unreachable: "The registry does not answer",
  registry_timeout: "The registry is too slow",
  registry_tls: "The registry's certificate is not trusted",
  registry_unauthorized: "The registry wants credentials",
  registry_denied: "The registry refuses these credentials",
  registry_busy: "The registry has too much to do",
  registry_error: "The registry failed",
  registry_redirected: "The registry sends us elsewhere",
  not_a_registry: "This is not a registry",
  registry_bad_answer: "The registry's answer makes no sense",
  registry_answer_too_large: "The registry's answer is too large",
  registry_not_configured: "This registry is not configured",
  repository_not_found: "No such repository",
  project_not_found: "No such project",
  build_not_found: "No such build",
  page_outdated: "This page is out of date",
  denied: "You may not see this",
  not_found: "Not found",
};

const problemTitle = (problem: ApiProblem) => titles[problem.code] ?? "That did not work";

interface ProblemStateProps {
  problem: ApiProblem;
  onRetry?: () => void;
  children?: ReactNode;
}

export function ProblemState({ problem, onRetry, children }: ProblemStateProps) {
  const denied = problem.status === 403;
  return (
    <div role="alert" className="mx-auto flex max-w-xl flex-col items-center gap-3 px-6 py-12 text-center">
      {denied ? (
        <span className="grid size-11 place-items-center rounded-xl bg-off-soft text-off-ink">
          <Lock aria-hidden className="size-5" />
        </span>
      ) : (
        <span className="grid size-11 place-items-center rounded-xl bg-bad-soft text-bad-ink">
          <CircleAlert aria-hidden className="size-5" />
        </span>
      )}
      <h2 className="font-semibold text-lg tracking-tight">{problemTitle(problem)}</h2>
      <p className="text-ink-2 [overflow-wrap:anywhere]">
        <Said>{problem.detail}</Said>
      </p>
      {denied && (
        <p className="text-ink-2">
          What is here is not shown to you; it may well not be empty. Whoever runs this orchestrator can allow
          it.
        </p>
      )}
      <p className="font-mono text-ink-3 text-xs">
        {problem.code}
        {problem.reference !== null && `, error number ${problem.reference}`}
      </p>
      <div className="mt-1 flex flex-wrap justify-center gap-2">
        {onRetry !== undefined && (
          <Button onClick={onRetry}>
            <RotateCw aria-hidden className="size-3.5" />
            {problem.code === "page_outdated" ? "Reload" : "Try again"}
          </Button>
        )}
        {children}
      </div>
    </div>
  );
}

/** A problem beside what it concerns: under a form, above a list that is shown in part. */
interface ProblemNoteProps {
  problem: Pick<ApiProblem, "detail" | "errors">;
  children?: ReactNode;
}

export function ProblemNote({ problem, children }: ProblemNoteProps) {
  return (
    <div role="alert" className="flex gap-2.5 rounded-lg bg-bad-soft px-3.5 py-2.5 text-bad-ink text-sm">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 [overflow-wrap:anywhere]">
        <p className="font-medium">
          <Said>{problem.detail}</Said>
        </p>
        {problem.errors.length > 0 && (
          <ul className="mt-1 flex flex-col gap-0.5">
            {problem.errors.map((error) => (
              <li key={`${error.field} ${error.reason}`}>
                {error.field !== "" && <span className="font-mono text-xs">{error.field}</span>}{" "}
                <Said>{error.reason}</Said>
              </li>
            ))}
          </ul>
        )}
        {children}
      </div>
    </div>
  );
}

/** Something to know, not a failure. */
export function Hint({ icon: Icon, children }: { icon: LucideIcon; children: ReactNode }) {
  return (
    <div className="flex gap-2.5 rounded-lg border border-line bg-surface px-3.5 py-2.5 text-ink-2 text-sm">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3" />
      <div className="min-w-0">{children}</div>
    </div>
  );
}
