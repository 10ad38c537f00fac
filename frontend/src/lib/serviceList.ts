// Catalog and swarm as one list: what is merged, what matches, what comes first.
import type { Node, Port, Service } from "@/api/types";
import { attentionRank, needsAttention } from "./status";

export type ServiceFilter = "all" | "problems" | "updating" | "running" | "stopped" | "drifted" | "unmanaged";

/** One entry a name; the catalog's entry wins because it also knows what is wanted. */
export function mergeServices(catalog: readonly Service[], live: readonly Service[]): Service[] {
  const merged = new Map<string, Service>();
  for (const service of live) merged.set(service.name, service);
  for (const service of catalog) merged.set(service.name, service);
  return [...merged.values()].sort((a, b) => attentionRank(a) - attentionRank(b) || byName(a, b));
}

/** `web-2` before `web-10`; one collator, because lists are sorted at each event. */
const names = new Intl.Collator("en", { numeric: true });
export const byName = (a: Pick<Service, "name">, b: Pick<Service, "name">) => names.compare(a.name, b.name);

export const filters: Record<ServiceFilter, { word: string; keeps: (service: Service) => boolean }> = {
  all: { word: "All", keeps: () => true },
  problems: { word: "Problems", keeps: needsAttention },
  updating: { word: "Updating", keeps: (service) => service.status === "updating" },
  running: { word: "Running", keeps: (service) => service.status === "running" },
  stopped: { word: "Stopped", keeps: (service) => service.status === "stopped" },
  drifted: { word: "Drifted", keeps: (service) => service.drift },
  unmanaged: { word: "Not in catalog", keeps: (service) => !service.in_catalog },
};

export interface PortLink {
  label: string;
  title: string;
  href: string | null;
}

const looksLikeHttp = (port: Port) => port.protocol === "tcp";

/** Where a published port answers: ingress on any node that is up, host mode where a task runs. */
export function portLinks(service: Service, nodes: readonly Node[]): PortLink[] {
  return service.ports.map((port) => {
    const label = String(port.published ?? port.target);
    const up = nodes.filter((node) => node.state === "ready" && node.address !== "");
    const holders = new Set(service.nodes.map((share) => share.id));
    const target = port.mode === "host" ? up.find((node) => holders.has(node.id)) : up[0];
    const kind = port.mode === "host" ? "on the node itself" : "through the ingress network";
    const title = `${port.published ?? "any free port"} → ${port.target}/${port.protocol}, ${kind}`;
    const open =
      port.published !== null && service.running > 0 && looksLikeHttp(port) && target !== undefined;
    return { label, title, href: open ? `http://${hostInUrl(target.address)}:${port.published}` : null };
  });
}

const hostInUrl = (address: string) => (address.includes(":") ? `[${address}]` : address);

export function nodeSpread(service: Service, clusterNodes: number): string {
  const { nodes, mode } = service;
  if (nodes.length === 0) return "–";
  if (mode === "global" && nodes.length === clusterNodes) return "every node";
  if (nodes.length > 3) return `${nodes.length} nodes`;
  return nodes
    .map((node) => (node.running > 1 ? `${node.hostname} ×${node.running}` : node.hostname))
    .join(", ");
}
