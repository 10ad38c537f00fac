import { expect, test } from "vitest";
import type { BuildLine } from "@/api/types";
import { emptyBuildLog, firstLineOf, MOST_BUILD_LINES, rowOfLine, withLines } from "./buildLog";

const line = (n: number, step = "s1"): BuildLine => ({
  n,
  at: "2026-01-02T03:04:05Z",
  text: `line ${n}`,
  step,
  error: false,
});
const lines = (from: number, to: number, step?: string) => ({
  items: Array.from({ length: to - from + 1 }, (_, index) => line(from + index, step)),
  left_out: 0,
});

test("lines that come twice are there once", () => {
  const log = withLines(withLines(emptyBuildLog, [lines(1, 3)]), [lines(2, 4)]);
  expect(log.rows.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
});

test("nothing new is the same log, so that nothing is drawn again", () => {
  const log = withLines(emptyBuildLog, [lines(1, 3)]);
  expect(withLines(log, [lines(1, 3)])).toBe(log);
});

test("a gap says how many lines are missing", () => {
  const log = withLines(withLines(emptyBuildLog, [lines(1, 2)]), [lines(10, 10)]);
  expect(log.rows[2]).toMatchObject({ kind: "gap", count: 7 });
  expect(rowOfLine(log.rows, 10)).toBe(3);
  expect(rowOfLine(log.rows, 5)).toBe(3);
});

test("a log does not grow beyond what is kept, and loses its oldest lines", () => {
  const log = withLines(emptyBuildLog, [lines(1, MOST_BUILD_LINES + 5)]);
  expect(log.rows).toHaveLength(MOST_BUILD_LINES);
  expect(log.rows[0]?.n).toBe(6);
});

test("a step leads to its first line", () => {
  const log = withLines(emptyBuildLog, [lines(1, 2, "a"), lines(3, 4, "b")]);
  expect(firstLineOf(log.rows, "b")).toBe(3);
  expect(firstLineOf(log.rows, "c")).toBeUndefined();
});
