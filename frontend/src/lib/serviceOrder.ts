// In which order services stand, and in which groups.
import type { Service } from "@/api/types";
import { byName } from "./serviceList";
import { attentionRank, serviceStatuses } from "./status";

/** `problems` is the order without a choice. */
export const sortKeys = ["problems", "name", "status", "replicas", "image", "updated"] as const;
export type SortKey = (typeof sortKeys)[number];

export interface Sort {
  by: SortKey;
  down: boolean;
}

export const sortWords: Record<SortKey, string> = {
  problems: "problem first",
  name: "name",
  status: "status",
  replicas: "replicas",
  image: "image",
  updated: "last change",
};

/** As the address has it: `name`, and `-name` for the other way round. */
export const sortText = ({ by, down }: Sort) => (down ? `-${by}` : by);

export function readSort(text: string | undefined): Sort {
  const by = sortKeys.find((key) => key === text?.replace(/^-/, ""));
  return by === undefined || by === "problems"
    ? { by: "problems", down: false }
    : { by, down: text?.startsWith("-") ?? false };
}

/** A click on a heading: its usual way first, then the other, then the order without a choice. */
export function nextSort(now: Sort, by: SortKey): Sort {
  const usual = by === "updated" || by === "replicas";
  if (now.by !== by) return { by, down: usual };
  return now.down === usual ? { by, down: !usual } : { by: "problems", down: false };
}

type Compare = (a: Service, b: Service) => number;
const text = (value: string | null) => value ?? "\uffff";

const compare: Record<SortKey, Compare> = {
  problems: (a, b) => attentionRank(a) - attentionRank(b),
  name: byName,
  status: (a, b) => serviceStatuses.indexOf(a.status) - serviceStatuses.indexOf(b.status),
  replicas: (a, b) => a.running - b.running || a.desired - b.desired,
  image: (a, b) => (text(a.image) < text(b.image) ? -1 : text(a.image) > text(b.image) ? 1 : 0),
  updated: (a, b) => (a.updated_at ?? "").localeCompare(b.updated_at ?? ""),
};

export function sorted(services: readonly Service[], { by, down }: Sort): Service[] {
  const first = compare[by];
  const sign = down ? -1 : 1;
  return [...services].sort((a, b) => sign * first(a, b) || byName(a, b));
}

export const groupings = ["stack", "node"] as const;
export type Grouping = (typeof groupings)[number];

export interface Group {
  /** Unique; "" for what is in none. */
  key: string;
  title: string;
  services: Service[];
}

const nowhere = { stack: "In no stack", node: "On no node" } as const;

/** Groups by name; what is in none last. A service that runs on several nodes stands under each. */
export function grouped(services: readonly Service[], by: Grouping): Group[] {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const keys = by === "stack" ? [service.stack ?? ""] : service.nodes.map((node) => node.hostname);
    for (const key of keys.length === 0 ? [""] : keys) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [service]);
      else group.push(service);
    }
  }
  return [...groups]
    .map(([key, members]) => ({ key, title: key === "" ? nowhere[by] : key, services: members }))
    .sort((a, b) => Number(a.key === "") - Number(b.key === "") || (a.key < b.key ? -1 : 1));
}

/** One line of the drawn list. */
export type Line =
  | { kind: "group"; id: string; group: Group; open: boolean }
  | { kind: "service"; id: string; service: Service; group: string };

export function linesOf(
  services: readonly Service[],
  by: Grouping | undefined,
  shut: ReadonlySet<string>,
): Line[] {
  if (by === undefined)
    return services.map((service) => ({ kind: "service", id: service.name, service, group: "" }));
  return grouped(services, by).flatMap((group): Line[] => {
    const open = !shut.has(group.key);
    const members = open ? group.services : [];
    return [
      { kind: "group", id: `group ${group.key}`, group, open },
      ...members.map(
        (service): Line => ({
          kind: "service",
          id: `${group.key}/${service.name}`,
          service,
          group: group.key,
        }),
      ),
    ];
  });
}

/** `wanted` in the order that `held` has; what is new there comes last. */
export function inHeldOrder(wanted: readonly Service[], held: ReadonlyMap<string, number>): Service[] {
  const place = ({ name }: Service) => held.get(name) ?? Number.MAX_SAFE_INTEGER;
  return [...wanted].sort((a, b) => place(a) - place(b));
}
