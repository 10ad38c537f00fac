import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Crown, Shield } from "lucide-react";
import { memo } from "react";
import type { Node } from "@/api/types";
import { Bar } from "@/components/Meter";
import { NodeBadge } from "@/components/StatusBadge";
import { bytes, cores, plural } from "@/lib/format";
import { nodeMeaning } from "@/lib/status";
import { isAlive, reservedShare, type Tile } from "@/lib/taskMap";
import { TaskSquare } from "./TaskSquare";

/** A node of a thousand tasks is still a tile. */
const MOST = 400;
export type Density = "wide" | "close" | "dense";

interface Props {
  tile: Tile;
  density: Density;
}

export const NodeTile = memo(
  function NodeTile({ tile: { node, tasks }, density }: Props) {
    const alive = isAlive(node);
    const wide = density === "wide";
    return (
      <section
        aria-label={`${node.hostname}: ${plural(tasks.length, "task")}`}
        className={clsx(
          "map-tile min-w-0 rounded-lg border bg-bg",
          wide ? "p-3.5" : density === "close" ? "p-2.5" : "p-2",
          alive ? "border-line" : "border-line-strong border-dashed",
        )}
      >
        <Heading node={node} density={density} count={tasks.length} />
        {wide && <Facts node={node} />}
        <Bar
          share={alive ? reservedShare(node) : 0}
          label={`${node.hostname}: ${Math.round(reservedShare(node) * 100)} % reserved`}
        />
        {tasks.length === 0 ? (
          <p className={clsx("text-ink-3", wide ? "mt-3 text-sm" : "mt-1.5 text-xs")}>no tasks</p>
        ) : (
          <div
            className={clsx(
              "flex flex-wrap",
              wide ? "mt-3 gap-1.5" : density === "close" ? "mt-2 gap-1" : "mt-1.5 gap-[3px]",
            )}
          >
            {tasks.slice(0, MOST).map((task) => (
              <TaskSquare key={task.id} task={task} alive={alive} node={node.hostname} />
            ))}
            {tasks.length > MOST && <span className="num text-ink-3 text-xs">+{tasks.length - MOST}</span>}
          </div>
        )}
      </section>
    );
  },
  (before, now) =>
    before.density === now.density &&
    before.tile.node === now.tile.node &&
    before.tile.tasks.length === now.tile.tasks.length &&
    before.tile.tasks.every((task, index) => task === now.tile.tasks[index]),
);

function Heading({ node, density, count }: { node: Node; density: Density; count: number }) {
  const meaning = nodeMeaning(node);
  const Role = node.leader ? Crown : Shield;
  return (
    <div className={clsx("flex min-w-0 items-center gap-1.5", density === "wide" && "min-h-6")}>
      {node.role === "manager" && (
        <Role
          role="img"
          aria-label={node.leader ? "leader" : "manager"}
          className={clsx("shrink-0 text-ink-3", density === "dense" ? "size-3" : "size-3.5")}
        />
      )}
      <h3 className={clsx("min-w-0 truncate font-semibold", density === "dense" && "text-xs")}>
        <Link
          to="/nodes/$id"
          params={{ id: node.id }}
          title={node.hostname}
          className="hover:text-accent hover:underline"
        >
          {node.hostname}
        </Link>
      </h3>
      <span className="ml-auto flex shrink-0 items-center gap-1.5">
        {meaning.tone !== "ok" && <NodeBadge node={node} />}
        <span aria-hidden className="num text-ink-3 text-xs">
          {count}
        </span>
      </span>
    </div>
  );
}

function Facts({ node }: { node: Node }) {
  const { resources } = node;
  const generic = Object.entries(resources.generic).map(
    ([kind, count]) => `${count - (resources.generic_reserved[kind] ?? 0)} of ${count} ${kind} free`,
  );
  const words = [
    `${cores(resources.cpus_free)} of ${cores(resources.cpus)} cores free`,
    `${bytes(resources.memory_free)} of ${bytes(resources.memory_bytes)}`,
    ...generic,
  ];
  return <p className="num mt-0.5 truncate text-ink-3 text-sm">{words.join(" · ")}</p>;
}
