// What all nodes that take tasks have together, and what of it is reserved.
import type { Node } from "@/api/types";
import { Meter } from "@/components/Meter";
import { bytes, cores } from "@/lib/format";

export function Capacity({ nodes }: { nodes: readonly Node[] }) {
  const able = nodes.filter((node) => node.state === "ready" && node.availability === "active");
  const sum = (of: (node: Node) => number) => able.reduce((total, node) => total + of(node), 0);
  const cpus = sum(({ resources }) => resources.cpus);
  const cpusReserved = sum(({ resources }) => resources.cpus_reserved);
  const memory = sum(({ resources }) => resources.memory_bytes);
  const memoryReserved = sum(({ resources }) => resources.memory_reserved);
  const kinds = [...new Set(able.flatMap(({ resources }) => Object.keys(resources.generic)))].sort();
  return (
    <section
      aria-label="Capacity"
      className="card mb-4 grid gap-x-8 gap-y-3 px-4 py-3 sm:grid-cols-[repeat(auto-fit,minmax(14rem,1fr))]"
    >
      <Meter
        label="CPU"
        used={cpusReserved}
        total={cpus}
        words={`${cores(cpusReserved)} of ${cores(cpus)} cores reserved`}
      />
      <Meter
        label="Memory"
        used={memoryReserved}
        total={memory}
        words={`${bytes(memoryReserved)} of ${bytes(memory)} reserved`}
      />
      {kinds.map((kind) => {
        const total = sum(({ resources }) => resources.generic[kind] ?? 0);
        const used = sum(({ resources }) => resources.generic_reserved[kind] ?? 0);
        return (
          <Meter key={kind} label={kind} used={used} total={total} words={`${used} of ${total} reserved`} />
        );
      })}
    </section>
  );
}
