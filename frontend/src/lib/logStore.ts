// The lines of a log as a view holds them: 100,000 at most, in columns, each row with a number that stays.
import type { LogEntry } from "@/api/types";
import { levelOf } from "./lineLevel";
import { type LogLevel, logLevels } from "./logLevel";
import { microseconds } from "./logTime";

export const MOST_LINES = 100_000;
const SLOTS = 2 ** 17;
const MASK = SLOTS - 1;
const STDERR = 8;
const NOTE = 16;
const WARNING = 32;
const LEVEL_AND_NOTE = 7 | NOTE;
/** A bit for each number of level and note: one test for each line, however many levels are wanted. */
const ALL_LINES = 0xff;
const ALL_NOTES = ALL_LINES << NOTE;
const bitsOf = (levels: readonly LogLevel[]) =>
  levels.reduce((bits, level) => bits | (1 << (logLevels.indexOf(level) + 1)), 0);

export type LogRow =
  | {
      n: number;
      kind: "line";
      time: number;
      task: string;
      taskId: string;
      node: string;
      stderr: boolean;
      level: LogLevel | null;
      text: string;
    }
  | { n: number; kind: "note"; tone: "info" | "warn"; text: string };

/** What is held at one moment: rows `first` up to before `end`. */
export interface Held {
  first: number;
  end: number;
}

interface Source {
  task: string;
  taskId: string;
}

type Cells = [time: number, source: number, node: number, flags: number, text: string];

export class LogStore {
  /** Rows are numbered in their order; earlier ones that are found later get numbers before the first. */
  first = 0;
  end = 0;
  /** Lines that went because there were too many. */
  gone = 0;
  /** Changes when rows were put between others, so that numbers mean other lines. */
  shifts = 0;
  /** Lines held, by level; the last are those that say none. */
  readonly counts = [0, 0, 0, 0, 0];
  private readonly most: number;
  private readonly times = new Float64Array(SLOTS);
  private readonly sourceOf = new Uint32Array(SLOTS);
  private readonly nodeOf = new Uint32Array(SLOTS);
  private readonly flags = new Uint8Array(SLOTS);
  private readonly sizes = new Uint32Array(SLOTS);
  private readonly texts: (string | undefined)[] = [];
  private readonly sources: Source[] = [];
  private readonly nodes: string[] = [];
  private readonly sourceNumbers = new Map<string, number>();
  private readonly nodeNumbers = new Map<string, number>();
  /** Lines that may come a second time, by what they are. */
  private again = new Map<string, number>();

  constructor(most = MOST_LINES) {
    this.most = most;
  }

  get length() {
    return this.end - this.first;
  }

  /** A line that was just written; false when it is one that is held already. */
  append(entry: LogEntry): boolean {
    const cells = this.cells(entry);
    if (this.again.size > 0) {
      const key = keyOf(cells);
      const times = this.again.get(key);
      if (times !== undefined) {
        if (times === 1) this.again.delete(key);
        else this.again.set(key, times - 1);
        return false;
      }
    }
    this.push(cells);
    return true;
  }

  note(tone: "info" | "warn", text: string) {
    const time = this.length > 0 ? this.time(this.end - 1) : Date.now() * 1_000;
    this.push([time, 0, 0, NOTE | (tone === "warn" ? WARNING : 0), text]);
  }

  /** The newest lines may come once more, as after a stream broke. */
  expectAgain(count = 2_000) {
    this.again = new Map();
    for (let n = Math.max(this.first, this.end - count); n < this.end; n += 1)
      if (!this.isNote(n)) this.expect(this.take(n));
  }

  /** Lines read from the past, oldest first, go where their times say; returns how many were not held yet. */
  insert(entries: readonly LogEntry[]): number {
    const last = entries.at(-1);
    if (last === undefined) return 0;
    const newest = microseconds(last.time);
    let from = this.end;
    while (from > this.first && this.time(from - 1) > newest) from -= 1;
    // Out of these rows and the new ones, one sequence is made that ends where the later rows begin.
    const old: Cells[] = [];
    for (let n = this.first; n < from; n += 1) old.push(this.take(n));
    const oldest = microseconds(entries[0]?.time ?? last.time);
    const held = new Map<string, number>();
    for (const cells of old) if (cells[0] >= oldest && (cells[3] & NOTE) === 0) count(held, keyOf(cells), 1);
    const fresh: Cells[] = [];
    for (const entry of entries) {
      const cells = this.cells(entry);
      // Nothing of that time is held: what is older than all need not be told apart.
      const key = held.size === 0 ? "" : keyOf(cells);
      if ((held.get(key) ?? 0) > 0) count(held, key, -1);
      else fresh.push(cells);
    }
    for (const cells of fresh.slice(-2_000)) this.expect(cells);
    const merged: Cells[] = [];
    let at = 0;
    for (const cells of fresh) {
      for (let next = old[at]; next !== undefined && next[0] <= cells[0]; next = old[at]) {
        merged.push(next);
        at += 1;
      }
      merged.push(cells);
    }
    for (; at < old.length; at += 1) merged.push(old[at] as Cells);
    const room = this.most - (this.end - from);
    const kept = merged.slice(Math.max(0, merged.length - room));
    for (const cells of old) this.tally(cells[3], -1);
    this.first = from - kept.length;
    this.shifts += 1;
    for (const [index, cells] of kept.entries()) this.put(this.first + index, cells);
    return fresh.length - (merged.length - kept.length);
  }

  /** Forget all rows; numbers go on. */
  clear() {
    for (let n = this.first; n < this.end; n += 1) this.texts[n & MASK] = undefined;
    this.first = this.end;
    this.counts.fill(0);
  }

  /** Of the text; what a row's height is guessed from. In a column: all are asked for whenever rows come. */
  size = (n: number) => this.sizes[n & MASK] ?? 0;
  isFull = () => this.length >= this.most;
  time = (n: number) => this.times[n & MASK] ?? 0;
  isNote = (n: number) => ((this.flags[n & MASK] ?? 0) & NOTE) !== 0;

  row(n: number): LogRow | null {
    if (n < this.first || n >= this.end) return null;
    const [time, source, node, flags, text] = this.take(n);
    if (flags & NOTE) return { n, kind: "note", tone: flags & WARNING ? "warn" : "info", text };
    const { task, taskId } = this.sources[source] ?? { task: "", taskId: "" };
    return {
      n,
      kind: "line",
      time,
      task,
      taskId,
      node: this.nodes[node] ?? "",
      stderr: (flags & STDERR) !== 0,
      level: logLevels[(flags & 7) - 1] ?? null,
      text,
    };
  }

  /** The first line of a task at a moment. */
  find(time: number, taskId: string): number | null {
    for (let n = this.first; n < this.end; n += 1)
      if (this.time(n) === time && !this.isNote(n) && this.sources[this.take(n)[1]]?.taskId === taskId)
        return n;
    return null;
  }

  /** Numbers of the rows of these levels from `start` to before `end`, and of the notes between them. */
  ofLevels(levels: readonly LogLevel[], start: number, end: number): Int32Array {
    const wanted = bitsOf(levels) | ALL_NOTES;
    const from = Math.max(start, this.first);
    const found = new Int32Array(Math.max(0, end - from));
    let size = 0;
    for (let n = from; n < end; n += 1) {
      if (wanted & (1 << ((this.flags[n & MASK] ?? 0) & LEVEL_AND_NOTE))) {
        found[size] = n;
        size += 1;
      }
    }
    return found.subarray(0, size);
  }

  /** Lines, not notes, from a row on; of these levels, if any are named. */
  linesFrom(start: number, levels: readonly LogLevel[]): number {
    const gone = Math.max(0, Math.min(this.first, this.end) - start);
    // Asked at every bundle of a log that is followed: of all that is held there is a count.
    if (start <= this.first) return gone + this.held(levels);
    const wanted = levels.length === 0 ? ALL_LINES : bitsOf(levels);
    let lines = 0;
    for (let n = start; n < this.end; n += 1)
      if (wanted & (1 << ((this.flags[n & MASK] ?? 0) & LEVEL_AND_NOTE))) lines += 1;
    return lines;
  }

  /** Lines that are held; of these levels, if any are named. */
  private held(levels: readonly LogLevel[]): number {
    const counted =
      levels.length === 0 ? this.counts : levels.map((level) => this.counts[logLevels.indexOf(level)]);
    return counted.reduce((sum: number, count) => sum + (count ?? 0), 0);
  }

  private cells(entry: LogEntry): Cells {
    const level = levelOf(entry.line);
    const flags =
      (level === null ? 0 : logLevels.indexOf(level) + 1) | (entry.stream === "stderr" ? STDERR : 0);
    let source = this.sourceNumbers.get(entry.task_id);
    if (source === undefined || this.sources[source]?.task !== entry.task) {
      source = this.sources.push({ task: entry.task, taskId: entry.task_id }) - 1;
      this.sourceNumbers.set(entry.task_id, source);
    }
    let node = this.nodeNumbers.get(entry.node);
    if (node === undefined) {
      node = this.nodes.push(entry.node) - 1;
      this.nodeNumbers.set(entry.node, node);
    }
    return [microseconds(entry.time), source, node, flags, entry.line];
  }

  private take(n: number): Cells {
    const slot = n & MASK;
    return [
      this.times[slot] ?? 0,
      this.sourceOf[slot] ?? 0,
      this.nodeOf[slot] ?? 0,
      this.flags[slot] ?? 0,
      this.texts[slot] ?? "",
    ];
  }

  private put(n: number, [time, source, node, flags, text]: Cells) {
    const slot = n & MASK;
    this.times[slot] = time;
    this.sourceOf[slot] = source;
    this.nodeOf[slot] = node;
    this.flags[slot] = flags;
    this.texts[slot] = text;
    this.sizes[slot] = text.length;
    this.tally(flags, 1);
  }

  private push(cells: Cells) {
    this.put(this.end, cells);
    this.end += 1;
    while (this.length > this.most) {
      const slot = this.first & MASK;
      this.tally(this.flags[slot] ?? 0, -1);
      if (!this.isNote(this.first)) this.gone += 1;
      this.texts[slot] = undefined;
      this.first += 1;
    }
  }

  private tally(flags: number, by: number) {
    if (flags & NOTE) return;
    const index = (flags & 7) === 0 ? 4 : (flags & 7) - 1;
    this.counts[index] = (this.counts[index] ?? 0) + by;
  }

  private expect(cells: Cells) {
    count(this.again, keyOf(cells), 1);
  }
}

const keyOf = ([time, source, , flags, text]: Cells) => `${time} ${source} ${flags & STDERR} ${text}`;

function count(map: Map<string, number>, key: string, by: number) {
  map.set(key, (map.get(key) ?? 0) + by);
}
