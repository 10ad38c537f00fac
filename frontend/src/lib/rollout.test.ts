import { expect, test } from "vitest";
import { deployment, task } from "@/testing/samples";
import { progressWords, rolloutOf } from "./rollout";

const BEFORE = "2026-01-02T03:00:00Z";
const AFTER = "2026-01-02T03:05:00Z";
const NOW = new Date("2026-01-02T03:05:20Z").getTime();
const change = deployment({ state: "rolling_out", sent_at: "2026-01-02T03:05:00Z", replicas: 3 });
const old = (slot: number, more = {}) =>
  task({
    id: `old-${slot}`,
    slot,
    name: `web.${slot}`,
    up_to_date: false,
    created_at: BEFORE,
    state_changed_at: BEFORE,
    ...more,
  });
const fresh = (slot: number, more = {}) =>
  task({
    id: `new-${slot}`,
    slot,
    name: `web.${slot}`,
    created_at: AFTER,
    state_changed_at: AFTER,
    ...more,
  });
const stopped = { state: "shutdown", desired_state: "shutdown" };

test("each slot shows its old and its new task, and those that wait their turn", () => {
  const rollout = rolloutOf(
    change,
    [old(1, stopped), fresh(1), old(2, stopped), fresh(2, { state: "preparing" }), old(3)],
    3,
    NOW,
  );
  expect(rollout.slots.map(({ old, now, word, done }) => [old?.id, now?.id, word, done])).toEqual([
    ["old-1", "new-1", "running", true],
    ["old-2", "new-2", "preparing", false],
    ["old-3", undefined, "waits its turn", false],
  ]);
  expect(progressWords(change, rollout)).toBe("1 of 3 new");
  expect(progressWords({ ...change, state: "rolled_back" }, rollout)).toBe("1 of 3 back");
});

test("a new task that failed and is tried again keeps its last error in view", () => {
  const rollout = rolloutOf(
    change,
    [
      old(1, stopped),
      fresh(1, { id: "dead", state: "failed", desired_state: "shutdown", exit_code: 137 }),
      fresh(1, { id: "next", state: "starting", created_at: "2026-01-02T03:05:10Z" }),
    ],
    1,
    NOW,
  );
  const [slot] = rollout.slots;
  expect([slot?.now?.id, slot?.failures, slot?.error, slot?.done]).toEqual([
    "next",
    1,
    "exit code 137",
    false,
  ]);
});

test("scaling up keeps what runs and counts slots that are not made yet", () => {
  const scale = deployment({ ...change, kind: "scale", restarts_tasks: false });
  const rollout = rolloutOf(scale, [old(1, { up_to_date: true }), fresh(2)], 3, NOW);
  expect(rollout.slots.map(({ word }) => word)).toEqual(["stays", "running", "not begun"]);
  expect(progressWords(scale, rollout)).toBe("2 of 3 running");
});

test("slots that are scaled away are shown ending and are no part of the goal", () => {
  const scale = deployment({ ...change, kind: "scale", restarts_tasks: false });
  const gone = old(2, { up_to_date: true, ...stopped, state_changed_at: AFTER });
  const rollout = rolloutOf(scale, [old(1, { up_to_date: true }), gone], 1, NOW);
  expect(rollout.slots.map(({ word }) => word)).toEqual(["stays", "ended"]);
  expect([rollout.done, rollout.total]).toEqual([1, 1]);
});

test("the pace so far tells how long the rest takes, unless something fails", () => {
  const steady = rolloutOf(change, [1, 2].map((slot) => fresh(slot)).concat(old(3), old(4)), 4, NOW);
  expect(steady.left).toBe(20);
  const failing = [fresh(1), fresh(2), old(4), fresh(3, { state: "failed", desired_state: "shutdown" })];
  expect(rolloutOf(change, failing, 4, NOW).left).toBeNull();
});
