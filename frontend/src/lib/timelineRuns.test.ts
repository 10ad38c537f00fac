import { expect, test } from "vitest";
import type { TimelineEntry } from "@/api/types";
import { runsOf } from "./timelineRuns";

let number = 100;
const entry = (text: string, over: Partial<TimelineEntry> = {}): TimelineEntry => {
  number -= 1;
  return {
    id: number,
    at: `2026-01-01T00:00:${String(number).padStart(2, "0")}Z`,
    kind: "task",
    severity: "bad",
    service: "web",
    node: "worker-1",
    text,
    ...over,
  } as TimelineEntry;
};

test("a crash loop is told once, with how often and since when", () => {
  const entries = [
    entry("task web.1: running → failed, exit 3"),
    entry("task web.2: starting → failed, exit 3", { node: "worker-2" }),
    entry("node worker-2 is down", { kind: "node", service: null }),
    entry("task web.1: running → failed, exit 3"),
  ];
  const runs = runsOf(entries, 10);
  expect(runs.map(({ entry: newest, times }) => [newest.text, times])).toEqual([
    ["task web.1: running → failed, exit 3", 3],
    ["node worker-2 is down", 1],
  ]);
  expect(runs[0]?.entry).toBe(entries[0]);
  expect(runs[0]?.since).toBe(entries[3]?.at);
});

test("another end, another service and what people did are told by themselves", () => {
  const runs = runsOf(
    [
      entry("task web.1: running → failed, exit 3"),
      entry("task web.1: running → failed, exit 4"),
      entry("task api.1: running → failed, exit 3", { service: "api" }),
      entry("scaled to 3", { kind: "deployment", severity: "info" }),
      entry("scaled to 3", { kind: "deployment", severity: "info" }),
    ],
    4,
  );
  expect(runs.map(({ times }) => times)).toEqual([1, 1, 1, 1]);
});
