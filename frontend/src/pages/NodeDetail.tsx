import { getRouteApi, Link } from "@tanstack/react-router";
import { Crown, ListTree, Shield } from "lucide-react";
import { useMemo } from "react";
import { asProblem } from "@/api/problem";
import type { NodeDetail as Detail, Node } from "@/api/types";
import { buttonClass } from "@/components/Button";
import { NodeCard, roleWords } from "@/components/NodeCard";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { NodeBadge } from "@/components/StatusBadge";
import { TaskTable } from "@/components/TaskTable";
import { Certificates } from "@/features/nodes/Certificates";
import { LabelsCard } from "@/features/nodes/LabelsCard";
import { NodeActions } from "@/features/nodes/NodeActions";
import { NodeFacts } from "@/features/nodes/NodeFacts";
import { useNode, useNodes } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { asSentence, plural } from "@/lib/format";
import { usual } from "@/lib/nodeList";

const route = getRouteApi("/shell/nodes/$id");

export function NodeDetail() {
  const { id } = route.useParams();
  const { data: node, error, refetch } = useNode(id);
  const { data: nodes } = useNodes();
  usePageTitle(node?.hostname ?? "Node");
  const problem = error === null ? null : asProblem(error);
  const gone = problem?.status === 404;
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/nodes" className="hover:text-ink hover:underline">
          Nodes
        </Link>{" "}
        /
      </nav>
      {node !== undefined && !gone ? (
        <View node={node} all={nodes?.items ?? [node]} />
      ) : problem === null ? (
        <>
          <Skeleton className="mb-5 h-9 w-56" />
          <div className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
            <Skeleton className="h-[196px] w-full rounded-xl" />
            <div className="card overflow-hidden">
              <SkeletonRows rows={6} label="Loading the node" />
            </div>
          </div>
        </>
      ) : (
        <ProblemState problem={problem} onRetry={() => void refetch()}>
          {gone && (
            <Link to="/nodes" className={buttonClass("plain")}>
              To all nodes
            </Link>
          )}
        </ProblemState>
      )}
    </>
  );
}

function View({ node: detail, all }: { node: Detail; all: readonly Node[] }) {
  // The list is what events change first.
  const node = all.find(({ id }) => id === detail.id) ?? detail;
  const engine = useMemo(() => usual(all.map(({ engine_version }) => engine_version)), [all]);
  const Role = node.leader ? Crown : Shield;
  const running = detail.tasks.filter(
    ({ state, desired_state: wanted }) => state === "running" && wanted === "running",
  );
  return (
    <>
      <div className="mb-5 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">
          {node.hostname}
        </h1>
        <NodeBadge node={node} />
        <span className="flex items-center gap-1 text-ink-3 text-sm">
          {node.role === "manager" && <Role aria-hidden className="size-3.5" />}
          {roleWords(node)}
        </span>
        <span className="num text-ink-3 text-sm">{plural(running.length, "task")} running</span>
        <div className="sm:ml-auto">
          <NodeActions node={node} all={all} size="md" />
        </div>
      </div>
      {node.state !== "ready" && (
        <p className="-mt-3 mb-5 text-bad-ink">
          {node.state_message === "" ? `The node is ${node.state}.` : asSentence(node.state_message)} What its
          tasks last reported may no longer be so.
        </p>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-4 max-lg:order-last">
          <NodeCard node={node} />
          <LabelsCard node={node} all={all} />
          <NodeFacts node={node} usualEngine={engine} />
          <Certificates node={node} />
        </div>
        {detail.tasks.length === 0 ? (
          <div className="card">
            <EmptyState icon={ListTree} title="No tasks here">
              <p>
                {node.availability === "drain"
                  ? "The node is drained: it takes no tasks until it is activated."
                  : node.availability === "pause"
                    ? "The node is paused: it takes no new tasks until it is activated."
                    : "The scheduler has put nothing on this node yet."}
              </p>
            </EmptyState>
          </div>
        ) : (
          <TaskTable tasks={detail.tasks} by="service" />
        )}
      </div>
    </>
  );
}
