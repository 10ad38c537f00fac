// One recorded change on its own page: what it does now, slot by slot, and what became of it.
import { Link } from "@tanstack/react-router";
import { Undo2 } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Deployment } from "@/api/types";
import { Button } from "@/components/Button";
import { deploymentWords } from "@/components/DeploymentList";
import { Evidence } from "@/components/Evidence";
import { Card } from "@/components/Layout";
import { OfBuild } from "@/components/OfBuild";
import { RelativeTime } from "@/components/RelativeTime";
import { SlotBars } from "@/components/RolloutProgress";
import { Said } from "@/components/Said";
import { ProblemNote, SkeletonRows } from "@/components/States";
import { DeploymentBadge } from "@/components/StatusBadge";
import { useDeployments, useRevisions, useService } from "@/hooks/useApi";
import { useNow } from "@/hooks/useNow";
import { useMay } from "@/hooks/usePermissions";
import { span } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";
import { progressWords, rolloutOf } from "@/lib/rollout";
import { isFinal } from "@/lib/status";
import { ChangeFacts } from "./ChangeFacts";
import { PhaseTrack } from "./PhaseTrack";
import { SlotTable } from "./SlotTable";

const RollbackDialog = later(() => import("./RollbackDialog"));

const tab = "underline decoration-line-strong underline-offset-2 hover:text-accent";

/** The next change of the same service, which took this one's place; `null` when this is the newest. */
function useLater(deployment: Deployment): Deployment | null | undefined {
  const { data } = useDeployments(deployment.service, 50);
  const at = data?.items.findIndex(({ id }) => id === deployment.id) ?? -1;
  if (data === undefined || at === -1) return undefined;
  return data.items[at - 1] ?? null;
}

export function RolloutView({ deployment }: { deployment: Deployment }) {
  const { service: name, state } = deployment;
  const laterOne = useLater(deployment);
  const { data: service, error } = useService(name);
  const [back, setBack] = useState(false);
  const mayNot = useMay()("operate");
  const { data: revisions } = useRevisions(name);
  // What ran before this one; of a rollback that is what it was made to leave.
  const target =
    deployment.from_revision === null || deployment.kind === "stop"
      ? undefined
      : revisions?.items.find(
          ({ revision, deployed, deleted }) =>
            revision === deployment.from_revision && deployed && !deleted && revision !== service?.revision,
        );
  const over = isFinal(state);
  const canRollBack = laterOne === null && service?.live === true && service.in_catalog;
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/deployments" className="hover:text-ink hover:underline">
          Deployments
        </Link>{" "}
        /{" "}
        <Link
          to="/services/$name"
          params={{ name }}
          search={{ tab: "deployments" }}
          className="hover:text-ink hover:underline"
        >
          {name}
        </Link>{" "}
        /
      </nav>
      <div className="mb-2 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">
          <Link to="/services/$name" params={{ name }} className="hover:text-accent">
            {name}
          </Link>
          <span className="font-normal text-ink-2">: {deploymentWords(deployment)}</span>
        </h1>
        <DeploymentBadge state={state} />
        <OfBuild deployment={deployment} />
        <span className="text-ink-3 text-sm">
          {deployment.actor}, <RelativeTime at={deployment.created_at} className="num" />
        </span>
        {canRollBack && target !== undefined && (
          <Button className="ml-auto" onClick={() => setBack(true)} {...barred(mayNot)}>
            <Undo2 aria-hidden className="size-4" />
            Roll back to revision {target.revision}
          </Button>
        )}
      </div>
      {deployment.cause !== null && deployment.cause !== "" && (
        <p className="mb-3 max-w-3xl [overflow-wrap:anywhere]">
          <Said>{deployment.cause}</Said>
        </p>
      )}
      {laterOne != null && (
        <p className="mb-3 text-ink-2">
          {state === "superseded" ? "Superseded by " : "A later change followed: "}
          <Link to="/deployments/$id" params={{ id: laterOne.id }} className={tab}>
            {deploymentWords(laterOne)} by {laterOne.actor}
          </Link>
          , <RelativeTime at={laterOne.created_at} className="num" />.
        </p>
      )}
      {deployment.warnings.map((warning) => (
        <p key={warning} className="mb-3 text-wait-ink">
          {warning}
        </p>
      ))}
      <div className="flex flex-col gap-4">
        {laterOne == null &&
          (service !== undefined ? (
            <Slots deployment={deployment} tasks={service.tasks} desired={service.desired} over={over} />
          ) : error === null ? (
            <Card title="Slots">
              <SkeletonRows rows={3} label="Loading the slots" />
            </Card>
          ) : (
            deployment.kind !== "stop" && <ProblemNote problem={asProblem(error)} />
          ))}
        {deployment.evidence.length > 0 && (
          <Card title="Evidence" sub="what its failed tasks left behind">
            <div className="px-4 pb-3">
              <Evidence deployment={deployment} />
            </div>
          </Card>
        )}
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]">
          <Card title="What changed">
            <ChangeFacts deployment={deployment} />
          </Card>
          <Card title="Phases" sub={<Took deployment={deployment} />}>
            <div className="px-4 py-2">
              <PhaseTrack deployment={deployment} />
            </div>
          </Card>
        </div>
      </div>
      {back && target !== undefined && service !== undefined && (
        <Suspense fallback={null}>
          <RollbackDialog service={service} to={target} onClose={() => setBack(false)} />
        </Suspense>
      )}
    </>
  );
}

function Took({ deployment }: { deployment: Deployment }) {
  const now = useNow(1_000);
  const end = deployment.finished_at === null ? now : new Date(deployment.finished_at).getTime();
  const seconds = Math.max(0, (end - new Date(deployment.created_at).getTime()) / 1000);
  return (
    <span className="num">
      {deployment.finished_at === null ? "for" : "took"} {span(seconds)}
    </span>
  );
}

interface SlotsProps {
  deployment: Deployment;
  tasks: Parameters<typeof rolloutOf>[1];
  desired: number;
  over: boolean;
}

function Slots({ deployment, tasks, desired, over }: SlotsProps) {
  const now = useNow(1_000);
  const rollout = rolloutOf(deployment, tasks, desired, now);
  if (rollout.slots.length === 0) return null;
  return (
    <Card title="Slots" sub={over ? "as they are now" : "live"}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-b px-4 py-3">
        <SlotBars rollout={rollout} tall />
        <b role="status" className="num font-semibold">
          {progressWords(deployment, rollout)}
        </b>
        {rollout.left !== null && (
          <span className="num text-ink-3 text-sm">about {span(Math.max(1, rollout.left))} left</span>
        )}
      </div>
      <SlotTable rollout={rollout} deployment={deployment} />
    </Card>
  );
}
