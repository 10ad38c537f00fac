// The newest lines of a followed log, in blocks that stay the same objects while they do not change.
import type { LogEntry } from "@/api/types";
import { withoutColourCodes } from "./format";

export const MOST_LINES = 5_000;
const BLOCK = 100;

export type LogRow =
  | { seq: number; kind: "line"; entry: LogEntry; text: string }
  | { seq: number; kind: "note"; tone: "info" | "warn"; text: string };

export interface LogBlock {
  id: number;
  rows: readonly LogRow[];
}

export interface LogSnapshot {
  blocks: readonly LogBlock[];
  /** Rows held now. */
  held: number;
  /** The number of the newest row, and how many lines there were up to it. */
  seq: number;
  lines: number;
}

export const emptyLog: LogSnapshot = { blocks: [], held: 0, seq: 0, lines: 0 };

type New = { kind: "line"; entry: LogEntry } | { kind: "note"; tone: "info" | "warn"; text: string };

/** The oldest blocks go when there is too much, whole ones, so that the others need no drawing. */
export function appended(log: LogSnapshot, news: readonly New[], most = MOST_LINES): LogSnapshot {
  if (news.length === 0) return log;
  const blocks = [...log.blocks];
  let { held, seq, lines } = log;
  let open: LogRow[] = [];
  const last = blocks.at(-1);
  if (last !== undefined && last.rows.length < BLOCK) {
    blocks.pop();
    open = [...last.rows];
  }
  const shut = () => {
    const [first] = open;
    if (first !== undefined) blocks.push({ id: first.seq, rows: open });
    open = [];
  };
  for (const item of news) {
    seq += 1;
    held += 1;
    if (item.kind === "line") {
      lines += 1;
      open.push({ ...item, seq, text: withoutColourCodes(item.entry.line) });
    } else open.push({ ...item, seq });
    if (open.length === BLOCK) shut();
  }
  shut();
  while (held > most && blocks.length > 1) held -= blocks.shift()?.rows.length ?? 0;
  return { blocks, held, seq, lines };
}

/** What had come up to a row: the view of someone who reads and does not want it to move. */
export function upTo(log: LogSnapshot, seq: number): readonly LogBlock[] {
  return log.blocks
    .filter((block) => block.id <= seq)
    .map((block) =>
      (block.rows.at(-1)?.seq ?? 0) <= seq
        ? block
        : { id: block.id, rows: block.rows.filter((row) => row.seq <= seq) },
    );
}
