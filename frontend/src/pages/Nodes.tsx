import { Server } from "lucide-react";
import { asProblem } from "@/api/problem";
import { Command } from "@/components/CopyButton";
import { PageTitle } from "@/components/Layout";
import { NodeCard } from "@/components/NodeCard";
import { EmptyState, ProblemState, Skeleton } from "@/components/States";
import { NodeActions } from "@/features/nodes/NodeActions";
import { useNodes } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { plural } from "@/lib/format";

const order = (role: string, leader: boolean) => (leader ? 0 : role === "manager" ? 1 : 2);

export function Nodes() {
  const { data, error, refetch } = useNodes();
  usePageTitle("Nodes");
  const nodes = [...(data?.items ?? [])].sort(
    (a, b) => order(a.role, a.leader) - order(b.role, b.leader) || a.hostname.localeCompare(b.hostname),
  );
  const ready = nodes.filter((node) => node.state === "ready").length;
  const managers = nodes.filter((node) => node.role === "manager").length;
  const sub =
    data === undefined
      ? undefined
      : `${ready} of ${plural(nodes.length, "node")} ready, ${plural(managers, "manager")}`;
  return (
    <>
      <PageTitle title="Nodes" sub={sub} />
      {data === undefined ? (
        error === null ? (
          <div role="status" aria-label="Loading nodes" className={grid}>
            {[0, 1, 2].map((index) => (
              <div key={index} className="card flex h-[232px] flex-col gap-4 p-4">
                <Skeleton className="h-4 w-36" />
                <Skeleton className="h-3.5 w-52" />
                <Skeleton className="mt-2 h-3.5 w-full" />
                <Skeleton className="h-3.5 w-full" />
              </div>
            ))}
          </div>
        ) : (
          <div className="card">
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          </div>
        )
      ) : nodes.length === 0 ? (
        <div className="card">
          <EmptyState icon={Server} title="No nodes">
            <p>The engine is not part of a swarm. This makes it the first manager:</p>
            <Command>docker swarm init</Command>
          </EmptyState>
        </div>
      ) : (
        <div className={grid}>
          {nodes.map((node) => (
            <NodeCard key={node.id} node={node} actions={<NodeActions node={node} />} />
          ))}
        </div>
      )}
    </>
  );
}

const grid = "grid grid-cols-[repeat(auto-fill,minmax(min(100%,21rem),1fr))] gap-4";
