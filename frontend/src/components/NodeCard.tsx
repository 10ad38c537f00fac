import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Crown } from "lucide-react";
import type { ReactNode } from "react";
import type { Node } from "@/api/types";
import { asSentence, bytes, cores, plural } from "@/lib/format";
import { Meter } from "./Meter";
import { NodeBadge } from "./StatusBadge";

export const roleWords = (node: Pick<Node, "role" | "leader">) => (node.leader ? "leader" : node.role);

export function Resources({ node }: { node: Node }) {
  const { resources } = node;
  return (
    <div className="flex flex-col gap-3">
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

export function NodeCard({ node, actions }: { node: Node; actions: ReactNode }) {
  const up = node.state === "ready";
  return (
    <article
      aria-label={node.hostname}
      className={clsx("card flex min-w-0 flex-col", !up && "border-dashed bg-transparent shadow-none")}
    >
      <div className="flex items-center gap-2.5 px-4 pt-3.5">
        <h2 className="min-w-0 truncate font-semibold tracking-tight">
          <Link to="/nodes/$id" params={{ id: node.id }} className="hover:text-accent hover:underline">
            {node.hostname}
          </Link>
        </h2>
        <span className="flex items-center gap-1 text-ink-3 text-sm">
          {node.leader && <Crown aria-hidden className="size-3.5" />}
          {roleWords(node)}
        </span>
        <span className="ml-auto">
          <NodeBadge node={node} />
        </span>
      </div>
      <p className="num px-4 pt-1 text-ink-3 text-sm">
        {node.os}/{node.architecture} · engine {node.engine_version} ·{" "}
        <span className="font-mono text-[12.5px]">{node.address}</span>
      </p>
      {!up && node.state_message !== "" && (
        <p className="px-4 pt-1 text-bad-ink text-sm [overflow-wrap:anywhere]">
          {asSentence(node.state_message)}
        </p>
      )}
      <div className="px-4 py-3.5">
        <Resources node={node} />
      </div>
      <div className="mt-auto flex items-center gap-3 border-line border-t px-4 py-2.5">
        <div className="min-w-0 flex-1">
          <Labels labels={node.labels} />
        </div>
        <span
          className="num whitespace-nowrap text-ink-2 text-sm"
          title={up ? undefined : "As last reported; the node does not answer now"}
        >
          {plural(node.tasks_running, "task")}
          {!up && ", last reported"}
        </span>
        {actions}
      </div>
    </article>
  );
}
