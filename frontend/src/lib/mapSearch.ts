// What the address says about the map of the cluster, read forgivingly.
import type { Tone } from "./status";

/** The words of the filter, with the tone their squares have. */
export const mapStates = {
  running: "ok",
  starting: "move",
  waiting: "wait",
  failed: "bad",
  stopping: "off",
} as const satisfies Record<string, Tone>;
export type MapState = keyof typeof mapStates;

export interface MapSearch {
  q?: string;
  state?: MapState;
  stack?: string;
  /** `key` or `key=value` of a node. */
  label?: string;
  /** `role`, or the key of a label. */
  group?: string;
}

export function mapSearch(raw: Record<string, unknown>): MapSearch {
  const text = (key: string) => {
    const value = typeof raw[key] === "number" ? String(raw[key]) : raw[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const found = { q: text("q"), stack: text("stack"), label: text("label"), group: text("group") };
  const state = (Object.keys(mapStates) as MapState[]).find((known) => known === raw["state"]);
  return {
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    ...(state !== undefined && { state }),
  };
}
