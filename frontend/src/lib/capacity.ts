// What nodes have and what of it is reserved, added up.
import type { Node } from "@/api/types";

export interface Generic {
  kind: string;
  reserved: number;
  total: number;
}
export interface Totals {
  cpus: number;
  cpusReserved: number;
  memory: number;
  memoryReserved: number;
  generic: Generic[];
}

/** What takes tasks: a node that is away, drained or paused has nothing free for anybody. */
const takesTasks = ({ state, availability }: Node) => state === "ready" && availability === "active";

export function generics(nodes: readonly Node[]): Generic[] {
  const found = new Map<string, Generic>();
  for (const { resources } of nodes)
    for (const [kind, total] of Object.entries(resources.generic)) {
      const known = found.get(kind) ?? { kind, reserved: 0, total: 0 };
      known.total += total;
      known.reserved += resources.generic_reserved[kind] ?? 0;
      found.set(kind, known);
    }
  return [...found.values()].sort((a, b) => a.kind.localeCompare(b.kind));
}

export function capacityOf(nodes: readonly Node[]): Totals {
  const able = nodes.filter(takesTasks);
  const sum = (read: (resources: Node["resources"]) => number) =>
    able.reduce((total, { resources }) => total + read(resources), 0);
  return {
    cpus: sum(({ cpus }) => cpus),
    cpusReserved: sum(({ cpus_reserved }) => cpus_reserved),
    memory: sum(({ memory_bytes }) => memory_bytes),
    memoryReserved: sum(({ memory_reserved }) => memory_reserved),
    generic: generics(able),
  };
}

const share = (used: number, total: number) => (total > 0 ? used / total : 0);
const fullness = ({ resources: has }: Node) =>
  Math.max(share(has.cpus_reserved, has.cpus), share(has.memory_reserved, has.memory_bytes));

/** Those one can count on first, the fullest on top. */
export const fullestFirst = (nodes: readonly Node[]): Node[] =>
  [...nodes].sort(
    (a, b) =>
      Number(takesTasks(b)) - Number(takesTasks(a)) ||
      fullness(b) - fullness(a) ||
      b.tasks_running - a.tasks_running ||
      a.hostname.localeCompare(b.hostname, "en", { numeric: true }),
  );
