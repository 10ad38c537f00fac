// The list of nodes: one row each, as smooth with a thousand as with three.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { ArrowDown, ArrowUp, Crown, Shield, TriangleAlert } from "lucide-react";
import { memo } from "react";
import type { Node } from "@/api/types";
import { Labels } from "@/components/NodeCard";
import { NodeBadge } from "@/components/StatusBadge";
import { VirtualBody } from "@/components/VirtualBody";
import { asSentence, bytes, cores } from "@/lib/format";
import type { NodeSort, NodesSearch } from "@/lib/nodesSearch";
import { NodeActions } from "./NodeActions";

const tracks =
  "@5xl:grid-cols-[minmax(9rem,1.4fr)_7rem_minmax(6.5rem,.8fr)_minmax(6.5rem,.8fr)_4rem_minmax(7rem,.75fr)_minmax(6rem,1fr)_8rem]";
const heading = "text-left font-semibold text-ink-3 text-xs";

const columns: readonly [word: string, sort: NodeSort | null][] = [
  ["Node", "name"],
  ["State", "state"],
  ["CPU free", "cpu"],
  ["Memory free", "memory"],
  ["Tasks", "tasks"],
  ["Engine", "engine"],
  ["Labels", null],
];

interface Props {
  nodes: readonly Node[];
  all: readonly Node[];
  usualEngine: string | null;
  sort: NodesSearch["sort"];
  onSort: (sort: NodesSearch["sort"]) => void;
}

export function NodeTable({ nodes, all, usualEngine, sort, onSort }: Props) {
  return (
    <table className="block" aria-rowcount={nodes.length + 1}>
      <caption className="sr-only">Nodes</caption>
      <thead className="block @max-5xl:sr-only">
        <tr className={clsx("grid items-center gap-x-3 border-line border-b px-4 py-2", tracks)}>
          {columns.map(([word, by]) => (
            <th
              key={word}
              scope="col"
              className={heading}
              aria-sort={
                sort === by && by !== null ? "ascending" : sort === `-${by}` ? "descending" : undefined
              }
            >
              {by === null ? word : <SortButton word={word} by={by} sort={sort} onSort={onSort} />}
            </th>
          ))}
          <th scope="col" className={heading}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <VirtualBody items={nodes} estimate={57} keyOf={({ id }) => id}>
        {(node, { index, ref }) => (
          <NodeRow
            key={node.id}
            node={node}
            all={all}
            index={index}
            place={ref}
            odd={isOdd(node, usualEngine)}
          />
        )}
      </VirtualBody>
    </table>
  );
}

const isOdd = (node: Node, engine: string | null) => engine !== null && node.engine_version !== engine;

function SortButton({
  word,
  by,
  sort,
  onSort,
}: { word: string; by: NodeSort } & Pick<Props, "sort" | "onSort">) {
  const on = sort === by || sort === `-${by}`;
  const Arrow = sort === `-${by}` ? ArrowUp : ArrowDown;
  return (
    <button
      type="button"
      onClick={() => onSort(sort === by ? `-${by}` : sort === `-${by}` ? undefined : by)}
      className={clsx("inline-flex items-center gap-1 rounded hover:text-ink", on && "text-ink")}
    >
      {word}
      <Arrow aria-hidden className={clsx("size-3", !on && "invisible")} />
    </button>
  );
}

interface RowProps {
  node: Node;
  all: readonly Node[];
  index: number;
  place: ((row: HTMLElement | null) => void) | undefined;
  odd: boolean;
}

const NodeRow = memo(function NodeRow({ node, all, index, place, odd }: RowProps) {
  const { resources } = node;
  const up = node.state === "ready";
  const Role = node.leader ? Crown : Shield;
  const generic = Object.entries(resources.generic);
  return (
    <tr
      ref={place}
      data-index={index}
      aria-rowindex={index + 2}
      className={clsx(
        "grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-1.5 border-line border-b px-4 py-2 last:border-b-0",
        "@5xl:min-h-[57px] hover:bg-bg focus-within:bg-bg",
        tracks,
      )}
    >
      <th scope="row" className="min-w-0 text-left font-normal">
        <span className="flex min-w-0 items-center gap-1.5">
          <Link
            to="/nodes/$id"
            params={{ id: node.id }}
            title={node.hostname}
            className="truncate font-semibold hover:text-accent hover:underline"
          >
            {node.hostname}
          </Link>
          {node.role === "manager" && (
            <span className="flex items-center gap-1 whitespace-nowrap text-ink-3 text-sm">
              <Role aria-hidden className="size-3.5" />
              {node.leader ? "leader" : "manager"}
            </span>
          )}
        </span>
        <span className="num block truncate font-mono text-[12px] text-ink-3">{node.address}</span>
      </th>
      <td className="flex min-w-0 flex-col items-start gap-0.5 @max-5xl:items-end">
        <NodeBadge node={node} />
        {node.role === "manager" && node.reachability !== "reachable" && (
          <span className="text-bad-ink text-xs">{node.reachability ?? "not reachable"}</span>
        )}
      </td>
      <td className="min-w-0">
        <Share
          label="CPU"
          used={resources.cpus_reserved}
          total={resources.cpus}
          free={`${cores(resources.cpus_free)} of ${cores(resources.cpus)}`}
          unit="cores"
        />
      </td>
      <td className="min-w-0">
        <Share
          label="Memory"
          used={resources.memory_reserved}
          total={resources.memory_bytes}
          free={`${bytes(resources.memory_free)} of ${bytes(resources.memory_bytes)}`}
          unit=""
        />
      </td>
      <td
        className="num text-ink-2 text-sm"
        title={up ? undefined : "As last reported; the node does not answer now"}
      >
        <span className={clsx(!up && "text-ink-3")}>{node.tasks_running}</span>
        <span className="@5xl:sr-only"> {node.tasks_running === 1 ? "task" : "tasks"}</span>
        {!up && <span className="text-ink-3">, last reported</span>}
      </td>
      <td className="num min-w-0 text-ink-2 text-sm @max-5xl:text-right">
        <span
          className={clsx("inline-flex items-center gap-1", odd && "font-medium text-warn-ink")}
          title={odd ? "Another engine than most nodes have" : undefined}
        >
          {odd && <TriangleAlert aria-hidden className="size-3" />}
          {node.engine_version}
          {odd && <span className="sr-only">, another engine than most nodes have</span>}
        </span>
        <span className="block text-ink-3 text-xs">
          {node.os}/{node.architecture}
        </span>
      </td>
      <td className="flex min-w-0 flex-col gap-1 @max-5xl:col-span-full">
        <Labels labels={node.labels} />
        {generic.map(([kind, count]) => {
          const taken = resources.generic_reserved[kind] ?? 0;
          return (
            <Share
              key={kind}
              label={kind}
              used={taken}
              total={count}
              free={`${count - taken} of ${count}`}
              unit={kind}
            />
          );
        })}
      </td>
      <td className="flex justify-end @max-5xl:col-span-full @max-5xl:justify-start">
        <NodeActions node={node} all={all} />
      </td>
      {!up && node.state_message !== "" && (
        <td className="col-span-full text-bad-ink text-sm [overflow-wrap:anywhere]">
          {asSentence(node.state_message)}
        </td>
      )}
    </tr>
  );
});

interface ShareProps {
  label: string;
  used: number;
  total: number;
  free: string;
  unit: string;
}

/** A thin meter under what is left. */
function Share({ label, used, total, free, unit }: ShareProps) {
  const share = total > 0 ? Math.min(1, used / total) : 0;
  return (
    <>
      <span className="num block truncate text-ink-2 text-sm">
        <span className="text-ink-3 @5xl:sr-only">{label} </span>
        {free} {unit}
        <span className="sr-only"> free</span>
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in their own colours */}
      <span
        role="meter"
        aria-label={`${label} reserved`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        className="mt-1 block h-1 max-w-36 overflow-hidden rounded-full bg-line"
      >
        <span
          className={clsx("block h-full rounded-full", share > 0.9 ? "bg-warn" : "bg-accent")}
          style={{ width: `${share * 100}%` }}
        />
      </span>
    </>
  );
}
