// What the address bar may say, read forgivingly: an unknown value is left out, never an error.
import { filters, type ServiceFilter } from "./serviceList";

type Raw = Record<string, unknown>;

const text = (value: unknown) => {
  const read = typeof value === "number" ? String(value) : value;
  return typeof read === "string" && read !== "" ? read : undefined;
};

export interface ServicesSearch {
  q?: string;
  show?: ServiceFilter;
}
export function servicesSearch(raw: Raw): ServicesSearch {
  const q = text(raw["q"]);
  const show = text(raw["show"]);
  return {
    ...(q !== undefined && { q }),
    ...(show !== undefined && show !== "all" && show in filters && { show: show as ServiceFilter }),
  };
}

export const serviceTabs = ["overview", "tasks", "logs", "definition", "deployments", "timeline"] as const;
export type ServiceTab = (typeof serviceTabs)[number];

export interface ServiceSearch {
  tab?: ServiceTab;
  /** Logs: only this task, node or stream, only lines with this text. */
  task?: string;
  node?: string;
  stream?: "stdout" | "stderr";
  q?: string;
}
export function serviceSearch(raw: Raw): ServiceSearch {
  const tab = serviceTabs.find((known) => known === raw["tab"]);
  const task = text(raw["task"]);
  const node = text(raw["node"]);
  const stream = raw["stream"];
  const q = text(raw["q"]);
  return {
    ...(tab !== undefined && tab !== "overview" && { tab }),
    ...(task !== undefined && { task }),
    ...(node !== undefined && { node }),
    ...((stream === "stdout" || stream === "stderr") && { stream }),
    ...(q !== undefined && { q }),
  };
}

export interface NewServiceSearch {
  as?: "yaml";
}
export const newServiceSearch = (raw: Raw): NewServiceSearch => (raw["as"] === "yaml" ? { as: "yaml" } : {});

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
