// One service with its tabs; which tab is open is in the address.
import { ListTree, Rocket } from "lucide-react";
import { Suspense } from "react";
import { asProblem } from "@/api/problem";
import type { ServiceDetail } from "@/api/types";
import { DeploymentList } from "@/components/DeploymentList";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { Tabs } from "@/components/Tabs";
import { TaskTable } from "@/components/TaskTable";
import { useDeployments, useNodes } from "@/hooks/useApi";
import { later } from "@/lib/later";
import { type ServiceSearch, type ServiceTab, serviceSearch } from "@/lib/search";
import { builtFrom } from "@/lib/serviceActs";
import { taskMeaning } from "@/lib/status";
import { DetailHead } from "./DetailHead";
import { Overview } from "./Overview";
import { useActs } from "./useActs";

const Timeline = later(async () => ({ default: (await import("@/components/Timeline")).Timeline }));
const LiveRollout = later(async () => ({
  default: (await import("@/components/RolloutProgress")).LiveRollout,
}));
const BuildsTab = later(() => import("./BuildsTab"));
const DefinitionTab = later(() => import("./DefinitionTab"));
const LogView = later(() => import("./LogView"));

interface Props {
  service: ServiceDetail & { etag: string | null };
  search: ServiceSearch;
  onSearch: (search: ServiceSearch) => void;
}

export function ServicePanel({ service, search, onSearch }: Props) {
  const acts = useActs(service);
  const { data: nodes } = useNodes();
  const tab = search.tab ?? "overview";
  const builds = builtFrom(service) !== null || service.build !== null || tab === "builds";
  const wanted = service.tasks.filter((task) => task.desired_state === "running");
  const bad = wanted.filter((task) => taskMeaning(task.state).tone === "bad").length;
  return (
    <>
      <DetailHead service={service} acts={acts} />
      <Suspense fallback={null}>
        <LiveRollout service={service.name} />
      </Suspense>
      <Tabs<ServiceTab>
        label="Views of this service"
        value={tab}
        entries={[
          { value: "overview", label: "Overview" },
          { value: "tasks", label: "Tasks", count: bad > 0 ? bad : wanted.length || undefined, hot: bad > 0 },
          { value: "logs", label: "Logs" },
          { value: "definition", label: "Definition" },
          ...(builds ? [{ value: "builds" as const, label: "Builds" }] : []),
          { value: "deployments", label: "Deployments" },
          { value: "timeline", label: "Timeline" },
        ]}
        onChange={(next) => onSearch(next === "overview" ? {} : { tab: next })}
      >
        {tab === "overview" && <Overview service={service} nodes={nodes?.items ?? []} />}
        {tab === "tasks" &&
          (service.tasks.length === 0 ? (
            <div className="card">
              <EmptyState icon={ListTree} title="No tasks">
                <p>
                  A task is one container of the service on one node.{" "}
                  {service.live
                    ? "The swarm has made none yet."
                    : "Deploy the service, and its tasks appear here."}
                </p>
              </EmptyState>
            </div>
          ) : (
            <TaskTable tasks={service.tasks} by="node" />
          ))}
        {tab === "logs" && (
          <Suspense fallback={<SkeletonRows rows={8} label="Loading logs" />}>
            <LogView
              service={service}
              search={search}
              onSearch={(change) => onSearch(serviceSearch({ ...search, ...change, tab: "logs" }))}
            />
          </Suspense>
        )}
        {tab === "definition" && (
          <Suspense fallback={<SkeletonRows rows={8} label="Loading the definition" />}>
            <DefinitionTab
              service={service}
              acts={acts}
              way={search.as ?? "yaml"}
              onWay={(way) => onSearch({ tab: "definition", ...(way === "form" && { as: way }) })}
            />
          </Suspense>
        )}
        {tab === "builds" && (
          <Suspense fallback={<SkeletonRows rows={4} label="Loading builds" />}>
            <BuildsTab service={service} onBuild={() => acts.setOpen("build")} />
          </Suspense>
        )}
        {tab === "deployments" && <Deployments name={service.name} />}
        {tab === "timeline" && (
          <div className="card overflow-hidden">
            <Suspense fallback={<SkeletonRows rows={6} label="Loading the timeline" />}>
              <Timeline service={service.name} first={100} />
            </Suspense>
          </div>
        )}
      </Tabs>
    </>
  );
}

function Deployments({ name }: { name: string }) {
  const { data, error, refetch } = useDeployments(name, 50);
  return (
    <div className="card overflow-hidden">
      {data !== undefined ? (
        data.items.length === 0 ? (
          <EmptyState icon={Rocket} title="Never changed from here">
            <p>
              Each deploy, scale, restart, rollback and stop is recorded with its verdict: what changed, who
              did it, and why it failed if it did.
            </p>
          </EmptyState>
        ) : (
          <DeploymentList deployments={data.items} named={false} />
        )
      ) : error === null ? (
        <SkeletonRows rows={4} label="Loading deployments" />
      ) : (
        <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
      )}
    </div>
  );
}
