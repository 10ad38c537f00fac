import { expect, test } from "vitest";
import { attention } from "@/testing/samples";
import { lastWords, restates, troubles } from "./attention";

test("many services with the same trouble are one problem, told since the oldest of them", () => {
  const found = troubles(
    Array.from({ length: 12 }, (_, number) =>
      attention({
        service: `web-${number}`,
        status: "pending",
        reason: "no_suitable_node",
        cause: "No suitable node (scheduling constraints not satisfied on 3 nodes).",
        since: `2026-01-02T03:04:${String(59 - number).padStart(2, "0")}Z`,
      }),
    ),
  );
  expect(found.map(({ title, items }) => [title, items.length])).toEqual([
    ["12 services: no suitable node", 12],
  ]);
  expect(found[0]?.since).toBe("2026-01-02T03:04:48Z");
});

test("the same failure on other nodes is the same trouble, another failure is not", () => {
  const found = troubles([
    ...["a", "b", "c"].map((name, number) =>
      attention({ service: name, cause: `Exited with code 3 on worker-${number}.` }),
    ),
    attention({ service: "d", cause: "Exited with code 137 on worker-1." }),
  ]);
  expect(found.map(({ items }) => items.length)).toEqual([3, 1]);
  expect(found[1]?.title).toBe("d");
});

test("what was rolled back is told as such, though what runs is well", () => {
  const [found] = troubles([
    attention({ severity: "warn", status: "running", reason: "rolled_back", running: 2, desired: 2 }),
  ]);
  expect(found).toMatchObject({ tone: "warn", word: "rolled back", title: "web" });
  expect(found?.reason).toBeUndefined();
});

test("two of a sort stay apart, each with its own name and evidence", () => {
  const found = troubles([attention({ service: "a" }), attention({ service: "b" })]);
  expect(found.map(({ title }) => title)).toEqual(["a", "b"]);
  expect(new Set(found.map(({ key }) => key)).size).toBe(2);
});

test("a piece of evidence that only repeats the cause of another task is known as such", () => {
  const cause = "Exited with code 1 on worker-1.";
  expect(restates("web.1: Exited with code 1 on worker-2. (3 times)", cause)).toBe(true);
  expect(restates("web.1: Exited with code 2 on worker-1.", cause)).toBe(false);
  expect(
    restates("ingest.2: Rejected on m.3: No such image: a:1.", "Rejected on worker-1: No such image: a:1."),
  ).toBe(true);
  expect(restates("anything", null)).toBe(false);
});

test("the last words are those of the newest task that failed, of a change that came to nothing", () => {
  const shown = (task: string, log: string[]) =>
    ({ task, log }) as unknown as Parameters<typeof lastWords>[0]["evidence"][number];
  const evidence = [shown("web.1", ["old"]), shown("web.2", ["begins", "FATAL: no database", " "])];
  expect(lastWords({ state: "failed", evidence })).toEqual({ task: "web.2", line: "FATAL: no database" });
  expect(lastWords({ state: "failed", evidence: [...evidence, shown("web.3", [])] })?.task).toBe("web.2");
  expect(lastWords({ state: "succeeded", evidence })).toBeNull();
});
