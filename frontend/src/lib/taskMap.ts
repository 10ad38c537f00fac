// The map of the dashboard: nodes and the squares on them, each square a task.
import type { Node, Service } from "@/api/types";
import type { Tone } from "./status";

export interface Square {
  service: string;
  tone: Tone;
}

export interface Tile {
  node: Node;
  squares: Square[];
  /** Share of the scarcer of CPU and memory that is reserved. */
  reserved: number;
  alive: boolean;
}

export interface TaskMap {
  tiles: Tile[];
  /** Tasks that are wanted and run nowhere. */
  waiting: Square[];
}

const share = (used: number, total: number) => (total > 0 ? used / total : 0);

export function taskMap(nodes: readonly Node[], services: readonly Service[]): TaskMap {
  const byName = [...services].sort((a, b) => a.name.localeCompare(b.name));
  const squares = new Map<string, Square[]>(nodes.map((node) => [node.id, []]));
  const waiting: Square[] = [];
  for (const service of byName) {
    for (const { id, running } of service.nodes) {
      const here = squares.get(id);
      for (let count = 0; count < running; count += 1) here?.push({ service: service.name, tone: "ok" });
    }
    if (service.status === "stopped" || !service.live) continue;
    const tone: Tone =
      service.status === "failed"
        ? "bad"
        : service.status === "updating"
          ? "move"
          : service.status === "degraded"
            ? "warn"
            : "wait";
    const missing = Math.max(0, service.desired - service.running - service.completed);
    for (let count = 0; count < missing; count += 1) waiting.push({ service: service.name, tone });
  }
  const tiles = nodes.map((node) => {
    const alive = node.state === "ready";
    const { resources } = node;
    // On a dead node nothing is known to run: what it last reported is drawn without colour.
    const lost = Array.from(
      { length: node.tasks_running },
      (): Square => ({ service: "last reported here", tone: "off" }),
    );
    return {
      node,
      alive,
      squares: alive ? (squares.get(node.id) ?? []) : lost,
      reserved: Math.max(
        share(resources.cpus_reserved, resources.cpus),
        share(resources.memory_reserved, resources.memory_bytes),
      ),
    };
  });
  const order = ({ node }: Tile) => (node.leader ? 0 : node.role === "manager" ? 1 : 2);
  return {
    tiles: tiles.sort((a, b) => order(a) - order(b) || a.node.hostname.localeCompare(b.node.hostname)),
    waiting,
  };
}
