import { expect, test } from "vitest";
import type { LogEntry } from "@/api/types";
import type { LogLevel } from "./logLevel";
import { LogStore, MOST_LINES } from "./logStore";

const words = ["INFO", "WARN", "ERROR", "DEBUG"];

const line = (n: number): LogEntry => ({
  time: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
  task: `web.${n % 3}`,
  task_id: `t${n % 3}`,
  node: "worker-1",
  stream: n % 2 === 0 ? "stdout" : "stderr",
  line: n % 7 === 0 ? `plain ${n}` : `${words[n % 4]} line ${n}`,
});

const filled = (from: number, to: number, most?: number) => {
  const store = new LogStore(most);
  for (let n = from; n < to; n += 1) store.append(line(n));
  return store;
};
const texts = (store: LogStore) => {
  const found: string[] = [];
  for (let n = store.first; n < store.end; n += 1) found.push(store.row(n)?.text ?? "");
  return found;
};
/** What `linesFrom` has to say, the long way round. */
const counted = (store: LogStore, start: number, levels: readonly LogLevel[]) => {
  let lines = 0;
  for (let n = start; n < store.end; n += 1) {
    const row = store.row(n);
    if (row?.kind === "line" && (levels.length === 0 || (row.level !== null && levels.includes(row.level))))
      lines += 1;
  }
  return lines;
};

test("100,000 lines are held and no more, the newest of them", () => {
  const store = filled(0, MOST_LINES + 5_000);
  expect(store.length).toBe(MOST_LINES);
  expect(store.gone).toBe(5_000);
  expect(store.row(store.end - 1)?.text).toBe(line(MOST_LINES + 4_999).line);
  expect(store.row(store.first - 1)).toBeNull();
});

test("lines are counted by level, with notes between them and older ones gone", () => {
  const store = filled(0, 900, 1_000);
  store.note("warn", "12 lines dropped");
  for (let n = 900; n < 1_200; n += 1) store.append(line(n));
  const choices: LogLevel[][] = [[], ["error"], ["error", "debug"], ["error", "warn", "info", "debug"]];
  for (const levels of choices)
    for (const start of [store.first, store.first + 1, store.end - 100, store.end])
      expect(store.linesFrom(start, levels), `${levels} from ${start}`).toBe(counted(store, start, levels));
  // What went since one began to read counts as read.
  expect(store.linesFrom(store.first - 10, [])).toBe(counted(store, store.first, []) + 10);
});

test("rows of some levels come with the notes between them", () => {
  const store = filled(0, 50);
  store.note("info", "web.1 started");
  const rows = [...store.ofLevels(["error"], store.first, store.end)].map((n) => store.row(n));
  expect(rows.at(-1)?.kind).toBe("note");
  expect(rows.slice(0, -1).every((row) => row?.kind === "line" && row.level === "error")).toBe(true);
  expect(rows).toHaveLength(counted(store, store.first, ["error"]) + 1);
});

test("a page of the past goes in by parts, the newest first, as it would at a stretch", () => {
  const page = Array.from({ length: 500 }, (_, n) => line(n));
  const atOnce = filled(400, 700);
  expect(atOnce.insert(page)).toBe(400);
  const byParts = filled(400, 700);
  let added = 0;
  for (let end = 500; end > 0; end -= 100) added += byParts.insert(page.slice(end - 100, end));
  expect(added).toBe(400);
  expect(texts(byParts)).toEqual(texts(atOnce));
  expect(byParts.counts).toEqual(atOnce.counts);
});

test("what is older than there is room for stays out", () => {
  const store = filled(100, 190, 100);
  expect(store.insert(Array.from({ length: 50 }, (_, n) => line(n)))).toBe(10);
  expect(store.length).toBe(100);
  expect(store.row(store.first)?.text).toBe(line(40).line);
});
