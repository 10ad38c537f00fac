// Where everything runs: nodes as tiles, a square for each task, tasks without a node in a lane of their own.
import { clsx } from "clsx";
import { SearchX } from "lucide-react";
import { useMemo } from "react";
import type { MapTask } from "@/api/nodes";
import type { Node, Service } from "@/api/types";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/States";
import { plural } from "@/lib/format";
import { type MapSearch, type MapState, mapStates } from "@/lib/mapSearch";
import { isAlive, squareMeaning, taskMap } from "@/lib/taskMap";
import { MapFilters } from "./MapFilters";
import { type Density, NodeTile } from "./NodeTile";
import { Stage } from "./Stage";
import { WaitingLane } from "./WaitingLane";

interface Props {
  nodes: readonly Node[];
  services: readonly Service[];
  tasks: readonly MapTask[];
  /** There may be more tasks than were read. */
  total: number;
  search: MapSearch;
  onSearch: (search: MapSearch) => void;
}

const layouts: Record<Density, string> = {
  wide: "grid-cols-[repeat(auto-fill,minmax(min(100%,19rem),1fr))] gap-3 [--square:20px]",
  close: "grid-cols-[repeat(auto-fill,minmax(min(46%,11.5rem),1fr))] gap-2.5 [--square:14px]",
  dense: "grid-cols-[repeat(auto-fill,minmax(min(46%,8.25rem),1fr))] gap-2 [--square:11px]",
};
const densityOf = (nodes: number): Density => (nodes <= 9 ? "wide" : nodes <= 40 ? "close" : "dense");

export function ClusterMap({ nodes, services, tasks, total, search, onSearch }: Props) {
  const map = useMemo(() => taskMap(nodes, tasks, services, search), [nodes, tasks, services, search]);
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);
  const known = useMemo(() => new Map(tasks.map((task) => [task.id, task])), [tasks]);
  const counts = useMemo(() => {
    const found: Record<string, number> = {};
    for (const task of tasks) {
      const node = byId.get(task.node_id ?? "");
      const { tone } = squareMeaning(task, node === undefined || isAlive(node));
      found[tone] = (found[tone] ?? 0) + 1;
    }
    return Object.fromEntries(
      Object.entries(mapStates).map(([state, tone]) => [state, found[tone] ?? 0]),
    ) as Record<MapState, number>;
  }, [tasks, byId]);
  const density = densityOf(nodes.length);
  const narrowed = Object.keys(search).some((key) => key !== "group");
  return (
    <>
      <MapFilters
        search={search}
        onSearch={onSearch}
        nodes={nodes}
        services={services}
        counts={counts}
        said={
          narrowed
            ? `${plural(map.shown.tasks, "task")} on ${map.shown.nodes} of ${plural(nodes.length, "node")}`
            : total > tasks.length
              ? `The first ${plural(tasks.length, "task")} of ${total.toLocaleString("en")}, by the names of their services`
              : "A square is a task. Arrow keys move between squares, Enter opens the service."
        }
      />
      <Stage tasks={known} nodes={byId}>
        <WaitingLane waiting={map.waiting} />
        {map.shown.nodes === 0 && map.shown.tasks === 0 ? (
          <div className="card">
            <EmptyState
              icon={SearchX}
              title="Nothing matches"
              action={<Button onClick={() => onSearch({})}>Show everything</Button>}
            >
              <p>No task and no node is like this now. The map shows it as soon as one is.</p>
            </EmptyState>
          </div>
        ) : (
          map.groups.map(({ title, tiles }) => (
            <div key={title} className="mb-5 last:mb-0">
              {title !== "" && (
                <h2 className="mb-2 font-semibold">
                  {title}{" "}
                  <span className="num font-normal text-ink-3 text-sm">{plural(tiles.length, "node")}</span>
                </h2>
              )}
              <div className={clsx("grid items-stretch", layouts[density])}>
                {tiles.map((tile) => (
                  <NodeTile key={tile.node.id} tile={tile} density={density} />
                ))}
              </div>
            </div>
          ))
        )}
      </Stage>
    </>
  );
}
