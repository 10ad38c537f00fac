// What the address bar may say, read forgivingly: an unknown value is left out, never an error.

import type { BuildState } from "@/api/types";
import { type LogSearch, logSearch } from "./logSearch";
import { filters, type ServiceFilter } from "./serviceList";
import { type Grouping, groupings, readSort, sortText } from "./serviceOrder";
import { buildStates } from "./status";

type Raw = Record<string, unknown>;

const text = (value: unknown) => {
  const read = typeof value === "number" ? String(value) : value;
  return typeof read === "string" && read !== "" ? read : undefined;
};

const optional = <K extends string>(key: K, value: unknown): Partial<Record<K, string>> => {
  const read = text(value);
  return (read === undefined ? {} : { [key]: read }) as Partial<Record<K, string>>;
};

/** A search with another word for some of its keys; an empty word leaves its key out. */
export const changed = <S extends object>(search: S, change: Partial<Record<string, string>>) =>
  Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== "")) as S;

export interface ServicesSearch {
  q?: string;
  show?: ServiceFilter;
  /** `name`, or `-name` for the other way round; without it problems come first. */
  sort?: string;
  group?: Grouping;
}
export function servicesSearch(raw: Raw): ServicesSearch {
  const q = text(raw["q"]);
  const show = text(raw["show"]);
  const sort = readSort(text(raw["sort"]));
  const group = groupings.find((known) => known === raw["group"]);
  return {
    ...(q !== undefined && { q }),
    ...(show !== undefined && show !== "all" && show in filters && { show: show as ServiceFilter }),
    ...(sort.by !== "problems" && { sort: sortText(sort) }),
    ...(group !== undefined && { group }),
  };
}

const serviceTabs = ["overview", "tasks", "logs", "definition", "builds", "deployments", "timeline"] as const;
export type ServiceTab = (typeof serviceTabs)[number];

export interface ServiceSearch extends LogSearch {
  tab?: ServiceTab;
  /** Definition: how it is shown; as text if not said. */
  as?: "form";
}
export function serviceSearch(raw: Raw): ServiceSearch {
  const tab = serviceTabs.find((known) => known === raw["tab"]);
  return {
    ...(tab !== undefined && tab !== "overview" && { tab }),
    ...(raw["as"] === "form" && { as: "form" as const }),
    ...logSearch(raw),
  };
}

export interface NewServiceSearch {
  as?: "yaml";
  /** The folder its image is built from. */
  project?: string;
}
export const newServiceSearch = (raw: Raw): NewServiceSearch => ({
  ...(raw["as"] === "yaml" && { as: "yaml" as const }),
  ...optional("project", raw["project"]),
});

/** One registry, by its host; the default one is not named. */
export interface RegistrySearch {
  registry?: string;
  q?: string;
}
export const registrySearch = (raw: Raw): RegistrySearch => ({
  ...optional("registry", raw["registry"]),
  ...optional("q", raw["q"]),
});

export interface RepositorySearch extends RegistrySearch {
  /** The tag that is shown in full. */
  tag?: string;
}
export const repositorySearch = (raw: Raw): RepositorySearch => ({
  ...registrySearch(raw),
  ...optional("tag", raw["tag"]),
});

export interface ProjectsSearch {
  q?: string;
}
export const projectsSearch = (raw: Raw): ProjectsSearch => optional("q", raw["q"]);

export interface BuildsSearch {
  service?: string;
  project?: string;
  state?: BuildState;
}
export function buildsSearch(raw: Raw): BuildsSearch {
  const state = buildStates.find((known) => known === raw["state"]);
  return {
    ...optional("service", raw["service"]),
    ...optional("project", raw["project"]),
    ...(state !== undefined && { state }),
  };
}

export interface BuildSearch {
  /** The line of its log that was pointed at. */
  line?: number;
}
export function buildSearch(raw: Raw): BuildSearch {
  const line = Number(raw["line"]);
  return Number.isInteger(line) && line > 0 ? { line } : {};
}

export interface SignInSearch {
  next?: string;
}
/** Only places of this page: `//elsewhere` and `https:` would lead away. */
export function signInSearch(raw: Raw): SignInSearch {
  const next = text(raw["next"]);
  return next !== undefined && /^\/(?![/\\])/.test(next) && !/^\/(sign-in|setup)\b/.test(next)
    ? { next }
    : {};
}
