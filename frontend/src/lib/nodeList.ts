// The list of nodes: what is searched, how it is sorted, which of them stand out.
import type { Node } from "@/api/types";
import type { NodeSort, NodesSearch } from "./nodesSearch";
import { nodeMeaning } from "./status";

const hays = new WeakMap<Node, string>();
function hayOf(node: Node): string {
  let hay = hays.get(node);
  if (hay === undefined) {
    hay = [
      node.hostname,
      node.address,
      node.id,
      node.leader ? "leader" : "",
      node.role,
      nodeMeaning(node).word,
      `${node.os}/${node.architecture}`,
      node.engine_version,
      ...Object.entries(node.labels).map(([key, value]) => `${key}=${value}`),
      ...Object.keys(node.resources.generic),
    ]
      .join("\n")
      .toLowerCase();
    hays.set(node, hay);
  }
  return hay;
}

/** Every word has to be somewhere; `!word` must not. */
export function matchesNode(node: Node, text: string): boolean {
  const hay = hayOf(node);
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "!")
    .every((word) => (word.startsWith("!") ? !hay.includes(word.slice(1)) : hay.includes(word)));
}

const rank = (node: Node) => (node.leader ? 0 : node.role === "manager" ? 1 : 2);
/** worker-2 before worker-10. */
const names = new Intl.Collator("en", { numeric: true });
const byName = (a: Node, b: Node) => names.compare(a.hostname, b.hostname);
const toneOrder = { bad: 0, warn: 1, wait: 2, move: 3, ok: 4, off: 5 };
const share = (used: number, total: number) => (total > 0 ? used / total : 0);

const orders: Record<NodeSort, (a: Node, b: Node) => number> = {
  name: byName,
  state: (a, b) => toneOrder[nodeMeaning(a).tone] - toneOrder[nodeMeaning(b).tone],
  cpu: (a, b) =>
    share(b.resources.cpus_reserved, b.resources.cpus) - share(a.resources.cpus_reserved, a.resources.cpus),
  memory: (a, b) =>
    share(b.resources.memory_reserved, b.resources.memory_bytes) -
    share(a.resources.memory_reserved, a.resources.memory_bytes),
  tasks: (a, b) => b.tasks_running - a.tasks_running,
  engine: (a, b) => names.compare(a.engine_version, b.engine_version),
};

export const managersFirst = (a: Node, b: Node) => rank(a) - rank(b) || byName(a, b);

export function sortNodes(nodes: readonly Node[], sort: NodesSearch["sort"]): Node[] {
  if (sort === undefined) return [...nodes].sort(managersFirst);
  const back = sort.startsWith("-") ? -1 : 1;
  const order = orders[sort.replace(/^-/, "") as NodeSort];
  return [...nodes].sort((a, b) => back * order(a, b) || byName(a, b));
}

/** What most have; a node with something else stands out. */
export function usual(values: Iterable<string>): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
