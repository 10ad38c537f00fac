// What one event changes in an answer that was read before: pure, so that it can be told apart from how events arrive.
import type {
  Changed,
  Deployment,
  HealthReport,
  LiveEvents,
  Node,
  Service,
  TimelineEntry,
} from "@/api/types";

interface List<T> {
  items: T[];
  total: number;
}

/** Puts `changed` in the place of what has the same key, new ones at the end, and takes `gone` out. */
function merged<T>(
  items: readonly T[],
  key: (item: T) => string,
  changed: readonly T[],
  gone: ReadonlySet<string>,
): T[] {
  const news = new Map(changed.map((item) => [key(item), item]));
  const kept: T[] = [];
  for (const item of items) {
    const id = key(item);
    const next = news.get(id);
    news.delete(id);
    if (!gone.has(id)) kept.push(next ?? item);
  }
  return [...kept, ...news.values()];
}

const nameOf = (service: Service) => service.name;
const idOf = (node: Node) => node.id;

/** `belongs`: which services are in this list at all. */
export function patchServices<L extends List<Service>>(
  list: L,
  event: Changed,
  belongs: (service: Service) => boolean,
): L {
  const here = event.services.filter(belongs);
  const gone = new Set([
    ...event.removed,
    ...event.services.filter((service) => !belongs(service)).map(nameOf),
  ]);
  if (here.length === 0 && gone.size === 0) return list;
  const items = merged(list.items, nameOf, here, gone);
  return { ...list, items, total: list.total + items.length - list.items.length };
}

export function patchNodes<L extends List<Node>>(list: L, event: Changed): L {
  if (event.nodes.length === 0 && event.removed_nodes.length === 0) return list;
  const items = merged(list.items, idOf, event.nodes, new Set(event.removed_nodes));
  return { ...list, items, total: items.length };
}

/** Too many services changed for the event to hold them: the lists have to be read. */
export const namesOnly = (event: Changed) => event.services.length < event.names.length;

/** Newest first; a list never grows beyond what was asked for. */
export function patchDeployments(
  list: List<Deployment>,
  changed: Deployment,
  most: number,
): List<Deployment> {
  const known = list.items.some(({ id }) => id === changed.id);
  const items = known
    ? list.items.map((each) => (each.id === changed.id ? changed : each))
    : [changed, ...list.items]
        .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id))
        .slice(0, most);
  return { items, total: list.total + (known ? 0 : 1) };
}

/** Newest first; entries that were replayed are in it once. */
export function patchTimeline(
  list: List<TimelineEntry>,
  news: readonly TimelineEntry[],
  most: number,
): List<TimelineEntry> {
  const known = new Set(list.items.map(({ id }) => id));
  const fresh = news.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return list;
  const items = [...fresh, ...list.items].sort((a, b) => b.id - a.id).slice(0, most);
  return { items, total: list.total + fresh.length };
}

export function patchEngine(report: HealthReport, event: LiveEvents["engine"]): HealthReport {
  const { connected, code, detail } = event;
  return { ...report, engine: { ...report.engine, connected, code, detail } };
}
