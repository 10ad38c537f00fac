// What one event changes in an answer that was read before: pure, so that it can be told apart from how events arrive.
import type {
  Build,
  BuildFilter,
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

/** Whether a definition was written or deleted, and not only what runs of it changed; takes note for the next time. */
export function definitionsChanged(revisions: Map<string, number | null>, event: Changed): boolean {
  let found = namesOnly(event) || event.removed.length > 0;
  for (const name of event.removed) revisions.delete(name);
  for (const { name, revision } of event.services) {
    found = revisions.get(name) !== revision || found;
    revisions.set(name, revision);
  }
  return found;
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

/** A build that began or went on; one that is no longer like the filter leaves the list. */
export function patchBuilds(
  list: List<Build>,
  changed: Build,
  filter: BuildFilter,
  most: number,
): List<Build> {
  const belongs =
    (filter.service === undefined || filter.service === changed.service) &&
    (filter.project === undefined || filter.project === changed.project) &&
    (filter.state === undefined || filter.state === changed.state);
  const known = list.items.some(({ id }) => id === changed.id);
  if (!belongs && !known) return list;
  const others = list.items.filter(({ id }) => id !== changed.id);
  const items = [...others, ...(belongs ? [changed] : [])]
    .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id))
    .slice(0, most);
  return { items, total: list.total + (belongs ? 1 : 0) - (known ? 1 : 0) };
}

/** The newest build of a service stands in the list of services too. */
export function patchServiceBuild<L extends List<Service>>(list: L, build: Build): L {
  const at = list.items.findIndex(({ name }) => name === build.service);
  const service = list.items[at];
  if (service === undefined || (service.build != null && service.build.created_at > build.created_at))
    return list;
  const { id, state, created_at, started_at, finished_at, digest } = build;
  const items = [...list.items];
  items[at] = { ...service, build: { id, state, created_at, started_at, finished_at, digest } };
  return { ...list, items };
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
