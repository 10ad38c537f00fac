// What the address says about a log: which lines, from when, and the one that a link points at.

import { type LogLevel, logLevels } from "./logLevel";
import { isoTime } from "./logTime";

export const logRanges = ["5m", "15m", "1h", "all"] as const;
export type LogRange = (typeof logRanges)[number];

export interface LogSearch {
  /** Only this task, node or stream, only lines with this text. */
  task?: string;
  node?: string;
  stream?: "stdout" | "stderr";
  q?: string;
  /** Levels with commas: `error,warn`. */
  level?: string;
  range?: LogRange;
  /** One line: when, and of which task. It is shown among its neighbours, whatever else is filtered. */
  at?: string;
  of?: string;
}

const text = (value: unknown) => {
  const read = typeof value === "number" ? String(value) : value;
  return typeof read === "string" && read !== "" ? read : undefined;
};

export const levelsIn = (level: string | undefined): LogLevel[] => {
  const named = (level ?? "").split(",");
  return logLevels.filter((known) => named.includes(known));
};

export function logSearch(raw: Record<string, unknown>): LogSearch {
  const { stream } = raw;
  const levels = levelsIn(text(raw["level"]));
  const range = logRanges.find((known) => known === raw["range"]);
  const at = text(raw["at"]);
  const of = text(raw["of"]);
  const found: LogSearch = {
    ...((stream === "stdout" || stream === "stderr") && { stream }),
    ...(levels.length > 0 && { level: levels.join(",") }),
    ...(range !== undefined && { range }),
    ...(at !== undefined && of !== undefined && !Number.isNaN(Date.parse(at)) && { at, of }),
  };
  for (const key of ["task", "node", "q"] as const) {
    const read = text(raw[key]);
    if (read !== undefined) found[key] = read;
  }
  return found;
}

/** The address of one line; filters stay out of it, so that its neighbours are there. */
export function lineAddress(service: string, time: number, taskId: string): string {
  const query = new URLSearchParams({ tab: "logs", at: isoTime(time), of: taskId });
  return `/services/${encodeURIComponent(service)}?${query}`;
}
