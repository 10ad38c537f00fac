// The map of the cluster: nodes and the squares on them, each square a task.
import type { MapTask } from "@/api/nodes";
import type { Node, Service } from "@/api/types";
import { type MapSearch, mapStates } from "./mapSearch";
import { managersFirst } from "./nodeList";
import { type Meaning, taskMeaning } from "./status";

/** Whether a node's word about its tasks can be believed. */
export const isAlive = (node: Pick<Node, "state">) => node.state === "ready";

export function squareMeaning(task: Pick<MapTask, "state" | "stopping">, alive: boolean): Meaning {
  if (!alive) return { tone: "off", word: `last reported ${task.state}` };
  if (task.stopping) return { tone: "off", word: "stopping" };
  return taskMeaning(task.state);
}

const share = (used: number, total: number) => (total > 0 ? used / total : 0);

/** Share of the scarcer of CPU and memory that is reserved. */
export const reservedShare = ({ resources }: Pick<Node, "resources">) =>
  Math.max(
    share(resources.cpus_reserved, resources.cpus),
    share(resources.memory_reserved, resources.memory_bytes),
  );

export interface Tile {
  node: Node;
  tasks: MapTask[];
}

export interface TileGroup {
  title: string;
  tiles: Tile[];
}

export interface Waiting {
  service: string;
  tasks: MapTask[];
  /** What the scheduler says, most often the same for all of them. */
  reason: string;
}

export interface TaskMap {
  groups: TileGroup[];
  /** Tasks without a node, by service. */
  waiting: Waiting[];
  shown: { tasks: number; nodes: number };
}

const numeric = new Intl.Collator("en", { numeric: true });

const orders = new WeakMap<readonly MapTask[], MapTask[]>();

/** By name, sorted once for each list. */
function inOrder(tasks: readonly MapTask[]): MapTask[] {
  let sorted = orders.get(tasks);
  if (sorted === undefined) {
    sorted = [...tasks].sort((a, b) => numeric.compare(a.name, b.name));
    orders.set(tasks, sorted);
  }
  return sorted;
}

function labelled(node: Node, wanted: string): boolean {
  const at = wanted.indexOf("=");
  const key = at === -1 ? wanted : wanted.slice(0, at);
  const value = node.labels[key];
  return value !== undefined && (at === -1 || value === wanted.slice(at + 1));
}

function groupOf(node: Node, group: string | undefined): string {
  if (group === undefined) return "";
  if (group === "role") return node.role === "manager" ? "Managers" : "Workers";
  const value = node.labels[group];
  return value === undefined ? `without ${group}` : value === "" ? group : `${group} ${value}`;
}

/** Every word is looked for in the service, the task, the image and the node. */
function matcher(text: string) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (task: MapTask, node: Node | undefined) => {
    if (words.length === 0) return true;
    const hay = `${task.service}\n${task.name}\n${task.image}\n${node?.hostname ?? ""}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  };
}

export function taskMap(
  nodes: readonly Node[],
  tasks: readonly MapTask[],
  services: readonly Pick<Service, "name" | "stack">[],
  search: MapSearch,
): TaskMap {
  const stackOf =
    search.stack === undefined ? null : new Map(services.map(({ name, stack }) => [name, stack]));
  const named = matcher(search.q ?? "");
  const tiles = new Map<string, Tile>();
  for (const node of nodes)
    if (search.label === undefined || labelled(node, search.label)) tiles.set(node.id, { node, tasks: [] });
  const waiting = new Map<string, Waiting>();
  let shown = 0;
  for (const task of inOrder(tasks)) {
    const tile = task.node_id === null ? undefined : tiles.get(task.node_id);
    if (tile === undefined && (task.node_id !== null || search.label !== undefined)) continue;
    const { tone } = squareMeaning(task, tile === undefined || isAlive(tile.node));
    if (search.state !== undefined && mapStates[search.state] !== tone) continue;
    if (stackOf !== null && (stackOf.get(task.service) ?? "") !== search.stack) continue;
    if (!named(task, tile?.node)) continue;
    shown += 1;
    if (tile !== undefined) tile.tasks.push(task);
    else {
      const lane = waiting.get(task.service) ?? { service: task.service, tasks: [], reason: "" };
      lane.tasks.push(task);
      lane.reason ||= task.error;
      waiting.set(task.service, lane);
    }
  }
  const narrowed = search.q !== undefined || search.state !== undefined || search.stack !== undefined;
  const groups = new Map<string, Tile[]>();
  let seen = 0;
  for (const tile of [...tiles.values()].sort((a, b) => managersFirst(a.node, b.node))) {
    if (narrowed && tile.tasks.length === 0) continue;
    seen += 1;
    const title = groupOf(tile.node, search.group);
    const group = groups.get(title);
    if (group === undefined) groups.set(title, [tile]);
    else group.push(tile);
  }
  return {
    groups: [...groups]
      .map(([title, list]) => ({ title, tiles: list }))
      .sort(
        (a, b) =>
          Number(a.title.startsWith("without ")) - Number(b.title.startsWith("without ")) ||
          numeric.compare(a.title, b.title),
      ),
    waiting: [...waiting.values()].sort((a, b) => numeric.compare(a.service, b.service)),
    shown: { tasks: shown, nodes: seen },
  };
}

/** `web 2, api 1`: the squares in words. */
export function counted(tasks: readonly Pick<MapTask, "service">[], most = 6): string {
  const counts = new Map<string, number>();
  for (const { service } of tasks) counts.set(service, (counts.get(service) ?? 0) + 1);
  const words = [...counts].map(([service, count]) => (count === 1 ? service : `${service} × ${count}`));
  const rest = words.length - most;
  return rest > 0 ? `${words.slice(0, most).join(", ")} and ${rest} more` : words.join(", ");
}

/** Keys of all labels, and each key with its values. */
export function labelChoices(nodes: readonly Pick<Node, "labels">[]) {
  const keys = new Map<string, Set<string>>();
  for (const { labels } of nodes)
    for (const [key, value] of Object.entries(labels)) {
      const values = keys.get(key) ?? new Set();
      keys.set(key, values.add(value));
    }
  const sorted = [...keys].sort(([a], [b]) => numeric.compare(a, b));
  return {
    keys: sorted.map(([key]) => key),
    pairs: sorted.flatMap(([key, values]) =>
      [...values].sort(numeric.compare).map((value) => (value === "" ? key : `${key}=${value}`)),
    ),
  };
}
