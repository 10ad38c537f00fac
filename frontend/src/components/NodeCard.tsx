// Parts that say the same of a node wherever it is shown.
import type { Node } from "@/api/types";
import { bytes, cores } from "@/lib/format";
import { Card } from "./Layout";
import { Meter } from "./Meter";

export const roleWords = (node: Pick<Node, "role" | "leader">) => (node.leader ? "leader" : node.role);

/** What a node has, what is reserved of it and what is free. */
export function NodeCard({ node: { resources } }: { node: Node }) {
  return (
    <Card title="Resources" sub="as the scheduler counts them">
      <div className="flex flex-col gap-3 p-4">
        <Meter
          label="CPU"
          used={resources.cpus_reserved}
          total={resources.cpus}
          words={`${cores(resources.cpus_reserved)} of ${cores(resources.cpus)} cores reserved, ${cores(resources.cpus_free)} free`}
        />
        <Meter
          label="Memory"
          used={resources.memory_reserved}
          total={resources.memory_bytes}
          words={`${bytes(resources.memory_reserved)} of ${bytes(resources.memory_bytes)} reserved, ${bytes(resources.memory_free)} free`}
        />
        {Object.entries(resources.generic).map(([kind, count]) => {
          const reserved = resources.generic_reserved[kind] ?? 0;
          return (
            <Meter
              key={kind}
              label={kind}
              used={reserved}
              total={count}
              words={`${reserved} of ${count} reserved, ${count - reserved} free`}
            />
          );
        })}
      </div>
    </Card>
  );
}

export function Labels({ labels }: { labels: Readonly<Record<string, string>> }) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return <span className="text-ink-3 text-sm">no labels</span>;
  return (
    <ul aria-label="Labels" className="flex min-w-0 flex-wrap gap-1">
      {entries.map(([key, value]) => (
        <li
          key={key}
          className="truncate rounded border border-line bg-bg px-1.5 font-mono text-[11.5px] text-ink-2 leading-5"
        >
          {value === "" ? key : `${key}=${value}`}
        </li>
      ))}
    </ul>
  );
}
