// How far a rollout is, in one line: a bar for each slot, the same in words, and how long it takes.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Deployment } from "@/api/types";
import { useFilteredDeployments } from "@/hooks/useActivity";
import { useService } from "@/hooks/useApi";
import { useNow } from "@/hooks/useNow";
import { span } from "@/lib/format";
import { progressWords, type Rollout, rolloutOf } from "@/lib/rollout";
import { deploymentWords } from "./DeploymentList";
import { OfBuild } from "./OfBuild";
import { Badge, DeploymentBadge, toneFill } from "./StatusBadge";

const MOST = 60;

/** Beyond what fits, shares of the whole. */
export function SlotBars({ rollout, tall = false }: { rollout: Rollout; tall?: boolean }) {
  const { slots, done, total } = rollout;
  if (slots.length > MOST)
    return (
      <span aria-hidden className="block h-2 w-full min-w-24 overflow-hidden rounded-full bg-sunken">
        <span
          className="block h-full rounded-full bg-ok transition-[width]"
          style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }}
        />
      </span>
    );
  return (
    <span aria-hidden className="flex flex-wrap gap-0.5">
      {slots.map(({ key, tone, label, word }) => (
        <span
          key={key}
          title={`${label}: ${word}`}
          className={clsx(
            "rounded-[2px] transition-colors",
            tall ? "h-5 w-[11px]" : "h-3.5 w-[7px]",
            toneFill[tone],
            tone === "move" && "animate-pulse",
          )}
        />
      ))}
    </span>
  );
}

/** One rollout in flight, with a link to its own page. */
export function RolloutLine({ deployment, named }: { deployment: Deployment; named: boolean }) {
  const { data: service } = useService(deployment.service);
  const now = useNow(1_000);
  const rollout = service === undefined ? null : rolloutOf(deployment, service.tasks, service.desired, now);
  const seconds = Math.max(0, (now - new Date(deployment.created_at).getTime()) / 1000);
  const building = deployment.phases.at(-1)?.phase === "building";
  return (
    <div className="flex min-h-[41px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
      <span className="min-w-0 truncate sm:w-60">
        {named && <b className="font-semibold">{deployment.service} </b>}
        <Link
          to="/deployments/$id"
          params={{ id: deployment.id }}
          aria-label={`${deploymentWords(deployment)} of ${deployment.service}`}
          className={clsx(
            "underline decoration-line-strong underline-offset-2 hover:text-accent",
            named ? "text-ink-2 text-sm" : "font-medium",
          )}
        >
          {deploymentWords(deployment)}
        </Link>
      </span>
      {building ? (
        <OfBuild deployment={deployment} />
      ) : (
        <>
          {rollout !== null && <SlotBars rollout={rollout} />}
          <span role="status" className="num min-w-20 whitespace-nowrap text-sm">
            {rollout !== null && (rollout.total === 0 ? "begins" : progressWords(deployment, rollout))}
          </span>
        </>
      )}
      <span className="num whitespace-nowrap text-ink-3 text-sm">
        {span(seconds)}
        {rollout?.left != null && `, about ${span(Math.max(1, rollout.left))} left`}
      </span>
      <span className="ml-auto flex items-center gap-2.5">
        <span className="text-ink-3 text-sm max-sm:hidden">{deployment.actor}</span>
        {deployment.phases.some(({ phase }) => phase === "converged") &&
        deployment.state === "rolling_out" ? (
          <Badge tone="move" word="all up, watched" />
        ) : (
          <DeploymentBadge state={deployment.state} />
        )}
      </span>
    </div>
  );
}

/** Below the head of a service's page while something of it rolls out. */
export function LiveRollout({ service }: { service: string }) {
  const { data } = useFilteredDeployments({ service, state: ["accepted", "rolling_out"] }, 1);
  const [current] = data?.items ?? [];
  if (current === undefined) return null;
  return (
    <section aria-label="Rollout under way" className="card mt-3 border-move/40 bg-move-soft/30">
      <RolloutLine deployment={current} named={false} />
    </section>
  );
}
