// One service at a glance: what is wanted, what runs, where, and the last change.
import { Link } from "@tanstack/react-router";
import { GitCompareArrows, Info } from "lucide-react";
import { type ReactNode, Suspense, useState } from "react";
import type { Node, ServiceDetail } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { DeploymentList } from "@/components/DeploymentList";
import { DockerCommand } from "@/components/DockerCommand";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { Replicas } from "@/components/Replicas";
import { Ports } from "@/components/ServiceRow";
import { Hint, Skeleton } from "@/components/States";
import { TaskBadge } from "@/components/StatusBadge";
import { sortTasks } from "@/components/TaskTable";
import { useDeployments } from "@/hooks/useApi";
import { useWhyNot } from "@/hooks/usePermissions";
import { inspectCommand, logsCommand, tasksCommand } from "@/lib/dockerCommands";
import { shortDigest } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";

const ActDialog = later(() => import("./ActDialogs"));

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-[39px] grid-cols-[7.5rem_minmax(0,1fr)] items-center gap-3 border-line border-b px-4 py-1.5 last:border-b-0">
      <dt className="text-ink-3 text-sm">{label}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Revision({ service }: { service: ServiceDetail }) {
  const { revision, deployed_revision: deployed, live, drift } = service;
  if (revision === null) return <span className="text-ink-3">none, not in the catalog</span>;
  if (!live || deployed === null) return <span className="num">{revision}, not deployed</span>;
  return (
    <span className="num">
      {deployed === revision
        ? `${revision}, ${drift ? "deployed, but changed since" : "deployed"}`
        : `${revision}; the swarm runs ${deployed}`}
    </span>
  );
}

export function Overview({ service, nodes }: { service: ServiceDetail; nodes: readonly Node[] }) {
  const { data: deployments } = useDeployments(service.name, 3);
  const [adding, setAdding] = useState(false);
  const mayNotAdd = useWhyNot()(service, "add");
  const wanted = service.tasks.filter(
    (task) => task.desired_state === "running" || task.desired_state === "complete",
  );
  // Between two attempts nothing is wanted for a moment: then the last attempts tell more than nothing.
  const live = wanted.length > 0 || !service.live ? wanted : sortTasks(service.tasks).slice(0, 4);
  return (
    <div className="flex flex-col gap-4">
      {!service.in_catalog && (
        <Hint icon={Info}>
          <p>
            The swarm runs this service, but it was not deployed from this catalog, so it can only be looked
            at here. To manage it, add it to the catalog, complete the definition, and deploy it: you will be
            asked whether to take it over.{" "}
            <button
              type="button"
              onClick={() => setAdding(true)}
              className="text-accent underline underline-offset-2 disabled:cursor-not-allowed disabled:opacity-50"
              {...barred(mayNotAdd)}
            >
              Add to catalog
            </button>
          </p>
        </Hint>
      )}
      {adding && (
        <Suspense fallback={null}>
          <ActDialog act="add" revision={null} service={service} onClose={() => setAdding(false)} />
        </Suspense>
      )}
      {service.drift && (
        <Hint icon={GitCompareArrows}>
          <p>
            <b className="font-semibold text-ink">Drifted.</b> The swarm runs something else than revision{" "}
            {service.revision} says
            {service.reason === "rolled_back"
              ? ", because its last update failed and was taken back. Mend the definition and deploy it, or roll back, so that it says what runs."
              : ". Deploy brings it in line."}
          </p>
          {service.drift_paths.length > 0 && (
            <p className="mt-0.5 font-mono text-xs [overflow-wrap:anywhere]">
              {service.drift_paths.join(", ")}
            </p>
          )}
        </Hint>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)]">
        <Card title="Now">
          <dl>
            <Row label="Replicas">
              <Replicas service={service} most={20} always />
            </Row>
            <Row label="Mode">{service.mode}</Row>
            <Row label="Image">
              <span className="flex items-center gap-1">
                <span className="font-mono text-[12.5px]">{service.image ?? "–"}</span>
                {service.image !== null && <CopyButton text={service.image} label="Copy image" />}
              </span>
            </Row>
            <Row label="Digest">
              {service.digest === null ? (
                <span className="text-ink-3">–</span>
              ) : (
                <span className="flex items-center gap-1">
                  <span title={service.digest} className="font-mono text-[12.5px]">
                    {shortDigest(service.digest)}
                  </span>
                  <CopyButton text={service.digest} label="Copy digest" />
                </span>
              )}
            </Row>
            <Row label="Ports">
              <Ports service={service} nodes={nodes} />
            </Row>
            <Row label="Revision">
              <Revision service={service} />
            </Row>
            {service.stack !== null && (
              <Row label="Stack">
                <Link
                  to="/services"
                  search={{ q: `stack:${service.stack}` }}
                  className="hover:text-accent hover:underline"
                >
                  {service.stack}
                </Link>
              </Row>
            )}
            {service.networks.length > 0 && <Row label="Networks">{service.networks.join(", ")}</Row>}
            <Row label="Changed">
              <RelativeTime at={service.updated_at} className="num" />
            </Row>
            {service.live && (
              <Row label="Look by hand">
                <DockerCommand>
                  {[inspectCommand(service), tasksCommand(service), logsCommand(service)].join("\n")}
                </DockerCommand>
              </Row>
            )}
          </dl>
        </Card>
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Tasks" sub="as the swarm last reported them">
            {live.length === 0 ? (
              <p className="px-4 py-5 text-ink-3">
                None. {service.live ? "" : "The service is not in the swarm."}
              </p>
            ) : (
              <ul>
                {live.slice(0, 8).map((task) => (
                  <li
                    key={task.id}
                    className="flex min-h-[39px] items-center gap-3 border-line border-b px-4 py-1.5 last:border-b-0"
                  >
                    <span className="min-w-0 flex-1 truncate font-mono text-[12.5px]">{task.name}</span>
                    <span className="truncate text-ink-2 text-sm">{task.node ?? "no node yet"}</span>
                    <TaskBadge state={task.state} />
                  </li>
                ))}
                {live.length > 8 && (
                  <li className="px-4 py-2 text-ink-3 text-sm">and {live.length - 8} more under Tasks</li>
                )}
              </ul>
            )}
          </Card>
          <Card title="Last changes">
            {deployments === undefined ? (
              <div className="flex flex-col gap-2 p-4">
                <Skeleton className="h-4 w-48" />
                <Skeleton className="h-4 w-36" />
              </div>
            ) : deployments.items.length === 0 ? (
              <p className="px-4 py-5 text-ink-3">None recorded.</p>
            ) : (
              <DeploymentList deployments={deployments.items} named={false} />
            )}
          </Card>
        </div>
      </div>
    </div>
  );
}
