// What the cluster has, what is reserved and what is free: in all, and by node with the fullest first.
import { Link } from "@tanstack/react-router";
import type { Node } from "@/api/types";
import { Card } from "@/components/Layout";
import { Bar } from "@/components/Meter";
import { capacityOf, fullestFirst, generics, type Totals } from "@/lib/capacity";
import { bytes, cores, plural } from "@/lib/format";
import { nodeMeaning } from "@/lib/status";

const MOST = 8;

function Total({ label, used, total, free }: { label: string; used: number; total: number; free: string }) {
  const share = total > 0 ? Math.min(1, used / total) : 0;
  return (
    <div className="min-w-40 flex-1">
      <p className="flex items-baseline justify-between gap-3">
        <span className="text-ink-3 text-sm">{label}</span>
        <span className="num text-sm">
          <b className="font-semibold">{free}</b> <span className="text-ink-3">free</span>
        </span>
      </p>
      <Bar share={share} label={`${label}: ${Math.round(share * 100)} % reserved, ${free} free`} />
    </div>
  );
}

function InAll({ totals }: { totals: Totals }) {
  return (
    <div className="flex flex-wrap gap-x-8 gap-y-3 border-line border-b px-4 py-3">
      <Total
        label="CPU"
        used={totals.cpusReserved}
        total={totals.cpus}
        free={`${cores(totals.cpus - totals.cpusReserved)} of ${cores(totals.cpus)} cores`}
      />
      <Total
        label="Memory"
        used={totals.memoryReserved}
        total={totals.memory}
        free={`${bytes(totals.memory - totals.memoryReserved)} of ${bytes(totals.memory)}`}
      />
      {totals.generic.map(({ kind, reserved, total }) => (
        <Total
          key={kind}
          label={kind}
          used={reserved}
          total={total}
          free={`${total - reserved} of ${total}`}
        />
      ))}
    </div>
  );
}

const tracks = "@2xl:grid-cols-[minmax(8rem,1.2fr)_minmax(10rem,1.5fr)_minmax(10rem,1.5fr)_5rem]";

function Row({ node }: { node: Node }) {
  const { resources: has } = node;
  const meaning = nodeMeaning(node);
  const counts = node.state === "ready";
  return (
    <tr
      className={`grid grid-cols-2 items-center gap-x-5 gap-y-1 border-line border-b px-4 py-2 last:border-b-0 @2xl:min-h-[41px] ${tracks} ${counts ? "" : "opacity-70"}`}
    >
      <th scope="row" className="min-w-0 truncate text-left font-medium">
        <Link to="/nodes/$id" params={{ id: node.id }} className="hover:text-accent hover:underline">
          {node.hostname}
        </Link>{" "}
        <span className="font-normal text-ink-3 text-sm">
          {meaning.tone === "ok" ? (node.leader ? "leader" : node.role) : meaning.word}
        </span>
      </th>
      <td className="min-w-0 @max-2xl:order-3">
        <Share
          what={`CPU of ${node.hostname}`}
          used={has.cpus_reserved}
          total={has.cpus}
          free={`${cores(has.cpus_free)} of ${cores(has.cpus)} cores free`}
        />
      </td>
      <td className="min-w-0 @max-2xl:order-4">
        <Share
          what={`Memory of ${node.hostname}`}
          used={has.memory_reserved}
          total={has.memory_bytes}
          free={`${bytes(has.memory_free)} of ${bytes(has.memory_bytes)} free`}
        />
      </td>
      <td className="num text-right text-ink-2 text-sm">
        {plural(node.tasks_running, "task")}
        {generics([node]).map(({ kind, reserved, total }) => (
          <span key={kind} className="block text-ink-3 text-xs">
            {kind} {total - reserved} of {total}
          </span>
        ))}
      </td>
    </tr>
  );
}

function Share({ what, used, total, free }: { what: string; used: number; total: number; free: string }) {
  const share = total > 0 ? Math.min(1, used / total) : 0;
  return (
    <div className="num text-ink-3 text-xs">
      <span className="block truncate">{free}</span>
      <div className="-mt-0.5">
        <Bar share={share} label={`${what}: ${Math.round(share * 100)} % reserved`} />
      </div>
    </div>
  );
}

export function Capacity({ nodes }: { nodes: readonly Node[] }) {
  const totals = capacityOf(nodes);
  const sorted = fullestFirst(nodes);
  const shown = sorted.slice(0, MOST);
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <Card
      title="Capacity"
      sub="reserved and free, as the scheduler counts it"
      aside={
        sorted.length > MOST ? (
          <Link to="/nodes" className="text-accent text-sm underline underline-offset-2">
            All {sorted.length} nodes
          </Link>
        ) : undefined
      }
    >
      <InAll totals={totals} />
      <div className="@container">
        <table className="block">
          <caption className="sr-only">Capacity by node</caption>
          <thead className="sr-only">
            <tr>
              {["Node", "CPU", "Memory", "Tasks"].map((word) => (
                <th key={word} scope="col" className={heading}>
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="block">
            {shown.map((node) => (
              <Row key={node.id} node={node} />
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > MOST && (
        <p className="border-line border-t px-4 py-2 text-ink-3 text-sm">
          The fullest {MOST} of {sorted.length}.
        </p>
      )}
    </Card>
  );
}
