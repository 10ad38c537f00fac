import { expect, test } from "vitest";
import { node, service, mapTask as task } from "@/testing/samples";
import { mapSearch } from "./mapSearch";
import { counted, labelChoices, squareMeaning, taskMap } from "./taskMap";
import { patchTasks } from "./taskPatches";

const nodes = [
  node({ id: "n1", hostname: "a", labels: { zone: "east" } }),
  node({ id: "n2", hostname: "b", role: "worker", leader: false, labels: { zone: "west" } }),
];
const tasks = [
  task("web.10", { node_id: "n2", state: "failed", error: "exit 1" }),
  task("web.2"),
  task("db.1", { state: "starting" }),
  task("gpu.1", { node_id: null, state: "pending", error: "no suitable node" }),
];
const services = [service({ name: "web", stack: "shop" }), service({ name: "db" }), service({ name: "gpu" })];
const shape = (search: Parameters<typeof taskMap>[3]) =>
  taskMap(nodes, tasks, services, search).groups.map(({ title, tiles }) => [
    title,
    ...tiles.map((tile) => `${tile.node.hostname}: ${tile.tasks.map(({ name }) => name).join(" ")}`),
  ]);

test("each task is on its node in the order of names, and what has none waits with its reason", () => {
  expect(shape({})).toEqual([["", "a: db.1 web.2", "b: web.10"]]);
  expect(taskMap(nodes, tasks, services, {}).waiting).toEqual([
    { service: "gpu", tasks: [tasks[3]], reason: "no suitable node" },
  ]);
});

test("it is narrowed by text, state, stack and label, and nodes without any such task go", () => {
  expect(shape({ q: "WEB.2" })).toEqual([["", "a: web.2"]]);
  expect(shape({ state: "failed" })).toEqual([["", "b: web.10"]]);
  expect(shape({ stack: "shop" })).toEqual([["", "a: web.2", "b: web.10"]]);
  expect(shape({ label: "zone=west" })).toEqual([["", "b: web.10"]]);
  expect(taskMap(nodes, tasks, services, { state: "waiting" }).shown).toEqual({ tasks: 1, nodes: 0 });
});

test("nodes are grouped by their role or by a label", () => {
  expect(shape({ group: "role" }).map(([title]) => title)).toEqual(["Managers", "Workers"]);
  expect(shape({ group: "zone" }).map(([title]) => title)).toEqual(["zone east", "zone west"]);
  expect(shape({ group: "rack" }).map(([title]) => title)).toEqual(["without rack"]);
});

test("what a dead node last said is not believed, and what ends is not shown as running", () => {
  expect(squareMeaning(task("web.1"), false)).toEqual({ tone: "off", word: "last reported running" });
  expect(squareMeaning(task("web.1", { stopping: true }), true)).toEqual({ tone: "off", word: "stopping" });
});

test("a change of one service leaves every other task the very same", () => {
  const list = { items: tasks, total: tasks.length };
  const next = patchTasks(list, new Set(["web"]), [{ ...task("web.2") }, task("web.3")]);
  expect(next.items.map(({ name }) => name)).toEqual(["db.1", "gpu.1", "web.2", "web.3"]);
  expect(next.total).toBe(4);
  expect(next.items[0]).toBe(tasks[2]);
  expect(next.items[2]).toBe(tasks[1]);
});

test("the address says what is shown, and what it cannot mean is left out", () => {
  expect(mapSearch({ q: 8, state: "failed", group: "zone", label: "", other: 1 })).toEqual({
    q: "8",
    state: "failed",
    group: "zone",
  });
  expect(mapSearch({ state: "toString" })).toEqual({});
});

test("labels of all nodes are offered as keys and as pairs", () => {
  expect(labelChoices(nodes)).toEqual({ keys: ["zone"], pairs: ["zone=east", "zone=west"] });
  expect(counted(tasks)).toBe("web × 2, db, gpu");
});
