import { getRouteApi, Link } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { Card } from "@/components/Layout";
import { Labels, Resources, roleWords } from "@/components/NodeCard";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { NodeBadge } from "@/components/StatusBadge";
import { TaskTable } from "@/components/TaskTable";
import { NodeActions } from "@/features/nodes/NodeActions";
import { useNode } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { asSentence } from "@/lib/format";

const route = getRouteApi("/shell/nodes/$id");

export function NodeDetail() {
  const { id } = route.useParams();
  const { data: node, error, refetch } = useNode(id);
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
      {node === undefined || gone ? (
        problem === null ? (
          <>
            <Skeleton className="mb-5 h-8 w-56" />
            <div className="card overflow-hidden">
              <SkeletonRows rows={6} label="Loading the node" />
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
        )
      ) : (
        <>
          <div className="mb-5 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
            <h1 className="font-[650] text-xl tracking-tight">{node.hostname}</h1>
            <NodeBadge node={node} />
            <span className="text-ink-3 text-sm">
              {roleWords(node)} · {node.os}/{node.architecture} · engine {node.engine_version} ·{" "}
              <span className="font-mono text-[12.5px]">{node.address}</span>
            </span>
            <div className="sm:ml-auto">
              <NodeActions node={node} size="md" />
            </div>
          </div>
          {node.state !== "ready" && (
            <p className="-mt-3 mb-5 text-bad-ink">
              {node.state_message === "" ? `The node is ${node.state}.` : asSentence(node.state_message)} What
              its tasks last reported may no longer be so.
            </p>
          )}
          <div className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
            <div className="flex flex-col gap-4">
              <Card title="Resources" sub="as the scheduler counts them">
                <div className="p-4">
                  <Resources node={node} />
                </div>
              </Card>
              <Card title="Labels">
                <div className="p-4">
                  <Labels labels={node.labels} />
                </div>
              </Card>
              <p className="flex items-center gap-1 px-1 font-mono text-ink-3 text-xs">
                {node.id}
                <CopyButton text={node.id} label="Copy id" />
              </p>
            </div>
            {node.tasks.length === 0 ? (
              <div className="card">
                <EmptyState icon={ListTree} title="No tasks here">
                  <p>
                    {node.availability === "drain"
                      ? "The node is drained: it takes no tasks until it is activated."
                      : "The scheduler has put nothing on this node yet."}
                  </p>
                </EmptyState>
              </div>
            ) : (
              <TaskTable tasks={node.tasks} by="service" />
            )}
          </div>
        </>
      )}
    </>
  );
}
