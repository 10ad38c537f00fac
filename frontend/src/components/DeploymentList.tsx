import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Deployment } from "@/api/types";
import { useNow } from "@/hooks/useNow";
import { plural, span } from "@/lib/format";
import { isFinal } from "@/lib/status";
import { Evidence, Phases } from "./Evidence";
import { OfBuild, waitsForBuild } from "./OfBuild";
import { RelativeTime } from "./RelativeTime";
import { Said } from "./Said";
import { DeploymentBadge } from "./StatusBadge";

const verbs: Record<Deployment["kind"], string> = {
  deploy: "deploy",
  scale: "scale",
  stop: "stop",
  rollback: "roll back",
  restart: "restart",
};

export function deploymentWords(deployment: Deployment): string {
  const { kind, to_revision: revision, restores_revision: restored, replicas } = deployment;
  if (kind === "scale") return replicas === null ? "scale" : `scale to ${replicas}`;
  if (kind === "deploy" && revision !== null) return `deploy revision ${revision}`;
  if (kind === "rollback" && restored !== null) return `roll back to revision ${restored}`;
  return verbs[kind];
}

function Took({ deployment }: { deployment: Deployment }) {
  const now = useNow(1_000);
  const from = new Date(deployment.created_at).getTime();
  const to = deployment.finished_at === null ? now : new Date(deployment.finished_at).getTime();
  const seconds = Math.max(0, (to - from) / 1000);
  if (deployment.finished_at === null && isFinal(deployment.state)) return null;
  return (
    <span className="num whitespace-nowrap text-ink-3 text-sm">
      {deployment.finished_at === null ? `for ${span(seconds)}` : `took ${span(seconds)}`}
    </span>
  );
}

/** Recorded changes, newest first, each with its verdict and the cause in words. */
export function DeploymentList({
  deployments,
  named,
}: {
  deployments: readonly Deployment[];
  named: boolean;
}) {
  return (
    <ul>
      {deployments.map((deployment) => (
        <li key={deployment.id} className="border-line border-b px-4 py-2.5 last:border-b-0">
          <div className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 sm:flex sm:flex-wrap">
            <span className={clsx("min-w-0 truncate max-sm:whitespace-normal", named && "sm:w-56")}>
              {named && (
                <Link
                  to="/services/$name"
                  params={{ name: deployment.service }}
                  search={{ tab: "deployments" }}
                  className="font-semibold hover:text-accent hover:underline"
                >
                  {deployment.service}
                </Link>
              )}{" "}
              <Link
                to="/deployments/$id"
                params={{ id: deployment.id }}
                className={clsx(
                  "whitespace-nowrap underline decoration-line-strong underline-offset-2 hover:text-accent",
                  named ? "text-ink-2 text-sm" : "font-medium",
                )}
              >
                {deploymentWords(deployment)}
              </Link>
            </span>
            <span className="flex justify-end">
              <DeploymentBadge state={deployment.state} />
            </span>
            <span className="flex flex-wrap gap-x-3 empty:hidden">
              <OfBuild deployment={deployment} />
              <Took deployment={deployment} />
            </span>
            <span className="ml-auto whitespace-nowrap text-ink-3 text-sm">
              {deployment.actor}, <RelativeTime at={deployment.created_at} className="num" />
            </span>
          </div>
          {deployment.cause !== null && deployment.cause !== "" && (
            <p className="mt-1 text-ink-2 text-sm [overflow-wrap:anywhere]">
              <Said>{deployment.cause}</Said>
            </p>
          )}
          {!named && (
            <>
              <Changes deployment={deployment} />
              <Phases deployment={deployment} />
              <Evidence deployment={deployment} />
            </>
          )}
          {deployment.warnings.map((warning) => (
            <p key={warning} className="mt-1 text-sm text-wait-ink">
              {warning}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** The first deploy of a service: everything changed, so no paths are worth naming. */
export const isNew = ({ kind, from_revision: from, changes }: Deployment) =>
  kind === "deploy" && from === null && changes.length === 1 && changes[0] === "service";

function Changes({ deployment }: { deployment: Deployment }) {
  const { changes, kind, restarts_tasks: restarts } = deployment;
  if (kind === "stop" || isNew(deployment) || waitsForBuild(deployment)) return null;
  if (changes.length === 0)
    return <p className="mt-1 text-ink-3 text-sm">Nothing to change: the swarm ran exactly this.</p>;
  return (
    <p className="mt-1 text-ink-3 text-sm">
      {plural(changes.length, "change")}
      {restarts ? ", restarts tasks" : ", restarts nothing"}:{" "}
      <span className="font-mono text-xs [overflow-wrap:anywhere]">{changes.join(", ")}</span>
    </p>
  );
}
