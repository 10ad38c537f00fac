// The small map: how many tasks of each service a node runs, from the lists that are there anyway.
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

export interface SpreadMap {
  tiles: Tile[];
  /** Tasks that are wanted and run nowhere. */
  waiting: Square[];
}

const numeric = new Intl.Collator("en", { numeric: true });

const share = (used: number, total: number) => (total > 0 ? used / total : 0);

export function spreadMap(nodes: readonly Node[], services: readonly Service[]): SpreadMap {
  const byName = [...services].sort((a, b) => a.name.localeCompare(b.name));
  const squares = new Map<string, Square[]>(nodes.map((node) => [node.id, []]));
  const alive = new Set(nodes.filter(({ state }) => state === "ready").map(({ id }) => id));
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
    // Tasks of the version before do their work until they are replaced.
    const placed = service.nodes.reduce((sum, { id, running }) => sum + (alive.has(id) ? running : 0), 0);
    const missing = Math.max(0, service.desired - placed - service.completed);
    for (let count = 0; count < missing; count += 1) waiting.push({ service: service.name, tone });
  }
  const tiles = nodes.map((node) => {
    const { resources } = node;
    const answers = alive.has(node.id);
    // On a dead node nothing is known to run: what it last reported is drawn without colour.
    const lost = Array.from(
      { length: node.tasks_running },
      (): Square => ({ service: "last reported here", tone: "off" }),
    );
    return {
      node,
      alive: answers,
      squares: answers ? (squares.get(node.id) ?? []) : lost,
      reserved: Math.max(
        share(resources.cpus_reserved, resources.cpus),
        share(resources.memory_reserved, resources.memory_bytes),
      ),
    };
  });
  const order = ({ node }: Tile) => (node.leader ? 0 : node.role === "manager" ? 1 : 2);
  return {
    tiles: tiles.sort((a, b) => order(a) - order(b) || numeric.compare(a.node.hostname, b.node.hostname)),
    waiting,
  };
}
