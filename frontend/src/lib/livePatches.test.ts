import { expect, test } from "vitest";
import { build, listing, service } from "@/testing/samples";
import { patchBuilds, patchServiceBuild } from "./livePatches";

const later = "2026-01-02T04:00:00Z";

test("a build that goes on changes in its place, a new one comes first, and a list does not grow beyond what was asked", () => {
  const list = listing([build({ id: "b1", state: "building" })]);
  const done = patchBuilds(list, build({ id: "b1", state: "succeeded" }), {}, 2);
  expect(done).toEqual(listing([build({ id: "b1", state: "succeeded" })]));
  const two = patchBuilds(done, build({ id: "b2", created_at: later }), {}, 1);
  expect(two.items.map(({ id }) => id)).toEqual(["b2"]);
  expect(two.total).toBe(2);
});

test("a build that is no longer like the filter leaves the list, others never enter it", () => {
  const list = listing([build({ id: "b1", state: "building" })]);
  expect(patchBuilds(list, build({ id: "b1", state: "failed" }), { state: "building" }, 50)).toEqual(
    listing([]),
  );
  expect(patchBuilds(list, build({ id: "b2", service: "api" }), { service: "web" }, 50)).toBe(list);
});

test("a service shows its newest build; what an older one says later changes nothing", () => {
  const first = patchServiceBuild(
    listing([service({ name: "web" })]),
    build({ id: "b2", created_at: later }),
  );
  expect(first.items[0]?.build).toMatchObject({ id: "b2", state: "building" });
  expect(patchServiceBuild(first, build({ id: "b1", state: "failed" }))).toBe(first);
  expect(patchServiceBuild(first, build({ service: "unknown" }))).toBe(first);
});
