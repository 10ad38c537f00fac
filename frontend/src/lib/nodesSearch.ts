// What the address says about the list of nodes, read forgivingly.
import type { Node } from "@/api/types";

export const nodeFilters = {
  all: { word: "All", keeps: () => true },
  problems: { word: "Not ready", keeps: (node) => node.state !== "ready" },
  managers: { word: "Managers", keeps: (node) => node.role === "manager" },
  workers: { word: "Workers", keeps: (node) => node.role === "worker" },
  away: { word: "Drained or paused", keeps: (node) => node.availability !== "active" },
} as const satisfies Record<string, { word: string; keeps: (node: Node) => boolean }>;
export type NodeFilter = keyof typeof nodeFilters;

export const nodeSorts = ["name", "state", "cpu", "memory", "tasks", "engine"] as const;
export type NodeSort = (typeof nodeSorts)[number];

export interface NodesSearch {
  q?: string;
  show?: NodeFilter;
  /** `cpu`, or `-cpu` for the other way round; without it managers come first. */
  sort?: NodeSort | `-${NodeSort}`;
}

export function nodesSearch(raw: Record<string, unknown>): NodesSearch {
  const { q, show, sort } = raw;
  const text = typeof q === "number" ? String(q) : q;
  const by =
    typeof sort === "string" ? nodeSorts.find((known) => known === sort.replace(/^-/, "")) : undefined;
  return {
    ...(typeof text === "string" && text !== "" && { q: text }),
    ...(typeof show === "string" &&
      show !== "all" &&
      Object.hasOwn(nodeFilters, show) && { show: show as NodeFilter }),
    ...(by !== undefined && { sort: sort as NodeSort }),
  };
}
