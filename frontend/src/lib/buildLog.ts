// The lines of a build's output as a view holds them: in their order, each once, bounded.
import type { BuildLine, BuildLogEvents } from "@/api/types";

/** As many as the server keeps. */
export const MOST_BUILD_LINES = 20_000;

export type BuildLogRow =
  | { kind: "line"; n: number; line: BuildLine }
  | { kind: "gap"; n: number; count: number };

export interface BuildLog {
  rows: readonly BuildLogRow[];
  /** The number of the newest line. */
  last: number;
}

export const emptyBuildLog: BuildLog = { rows: [], last: 0 };

/** What a resumed stream sends twice is taken once; what is missing between is counted. */
export function withLines(log: BuildLog, events: readonly BuildLogEvents["line"][]): BuildLog {
  const rows = [...log.rows];
  let { last } = log;
  for (const { items } of events)
    for (const line of items) {
      if (line.n <= last) continue;
      const missing = line.n - last - 1;
      if (missing > 0) rows.push({ kind: "gap", n: last + 0.5, count: missing });
      rows.push({ kind: "line", n: line.n, line });
      last = line.n;
    }
  if (last === log.last) return log;
  return { rows: rows.length > MOST_BUILD_LINES ? rows.slice(-MOST_BUILD_LINES) : rows, last };
}

/** Where a line stands, or the first one after it. */
export function rowOfLine(rows: readonly BuildLogRow[], n: number): number {
  let from = 0;
  let to = rows.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((rows[middle]?.n ?? 0) < n) from = middle + 1;
    else to = middle;
  }
  return from;
}

export const firstLineOf = (rows: readonly BuildLogRow[], step: string): number | undefined =>
  rows.find((row) => row.kind === "line" && row.line.step === step)?.n;
