import { expect, test } from "vitest";
import type { LogEntry } from "@/api/types";
import { appended, emptyLog, MOST_LINES, upTo } from "./logBuffer";

const line = (index: number): { kind: "line"; entry: LogEntry } => ({
  kind: "line",
  entry: {
    time: "2026-01-02T03:04:05Z",
    task: "web.1",
    task_id: "t1",
    node: "n1",
    stream: "stdout",
    line: `line ${index}`,
  },
});
const lines = (from: number, count: number) => Array.from({ length: count }, (_, at) => line(from + at));
const texts = (blocks: ReturnType<typeof upTo>) =>
  blocks.flatMap((block) => block.rows.map(({ text }) => text));

test("never more than 5,000 rows are held, and they are the newest", () => {
  let log = emptyLog;
  for (let from = 0; from < 23_000; from += 370) log = appended(log, lines(from, 370));
  const held = texts(log.blocks);
  expect(held.length).toBe(log.held);
  expect(held.length).toBeLessThanOrEqual(MOST_LINES);
  expect(held.length).toBeGreaterThan(MOST_LINES - 200);
  expect(held.at(-1)).toBe(`line ${log.lines - 1}`);
  expect(held[0]).toBe(`line ${log.lines - held.length}`);
});

test("one huge batch is cut as well", () => {
  const log = appended(emptyLog, lines(0, 60_000));
  expect(log.held).toBeLessThanOrEqual(MOST_LINES);
  expect(log.lines).toBe(60_000);
});

test("blocks that did not change are the same objects, so that they are not drawn again", () => {
  const before = appended(emptyLog, lines(0, 250));
  const after = appended(before, lines(250, 10));
  expect(after.blocks.slice(0, 2).every((block, at) => block === before.blocks[at])).toBe(true);
  expect(after.blocks[2]).not.toBe(before.blocks[2]);
  expect(texts(before.blocks)).toHaveLength(250);
});

test("a paused view keeps what it showed while more comes", () => {
  const paused = appended(emptyLog, lines(0, 130));
  const later = appended(paused, lines(130, 500));
  expect(texts(upTo(later, paused.seq))).toEqual(texts(paused.blocks));
});

test("notes stand between lines and are not counted as such", () => {
  const log = appended(emptyLog, [line(0), { kind: "note", tone: "warn", text: "7 lines dropped" }, line(1)]);
  expect(texts(log.blocks)).toEqual(["line 0", "7 lines dropped", "line 1"]);
  expect(log.lines).toBe(2);
});
