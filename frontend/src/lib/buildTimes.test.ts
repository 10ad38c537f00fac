import { expect, test } from "vitest";
import { build } from "@/testing/samples";
import { duration, phaseTimes, tookSeconds } from "./buildTimes";

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, "0")}Z`;
const now = Date.parse(at(30));

test("each part lasts until the next one begins, the last one until now", () => {
  const times = phaseTimes(
    build({
      phases: [
        { phase: "queued", at: at(0) },
        { phase: "packing", at: at(4) },
        { phase: "building", at: at(5) },
      ],
    }),
    now,
  );
  expect(times.map(({ phase, seconds, now: current }) => [phase, seconds, current])).toEqual([
    ["queued", 4, false],
    ["packing", 1, false],
    ["building", 25, true],
  ]);
});

test("a push that was tried again shows the first one as in vain, and the pause between as nothing", () => {
  const times = phaseTimes(
    build({
      phases: [
        { phase: "pushing", at: at(1) },
        { phase: "ended", at: at(9) },
        { phase: "pushing", at: at(20) },
        { phase: "ended", at: at(22) },
      ],
      finished_at: at(22),
    }),
    now,
  );
  expect(times.map(({ seconds, inVain }) => [seconds, inVain])).toEqual([
    [8, true],
    [2, false],
  ]);
});

test("a build took from its start, or waits since it was wished for", () => {
  expect(tookSeconds(build({ started_at: at(10), finished_at: at(12) }), now)).toBe(2);
  expect(tookSeconds(build({ created_at: at(0), started_at: null }), now)).toBe(30);
});

test("durations are exact where one compares, and tick in whole seconds while they grow", () => {
  expect([0.04, 4.24, 48.4, 125].map((each) => duration(each))).toEqual([
    "0.0 s",
    "4.2 s",
    "48 s",
    "2 min 5 s",
  ]);
  expect(duration(4.24, true)).toBe("4 s");
  expect(duration(5_400)).toBe("1 h 30 min");
});
