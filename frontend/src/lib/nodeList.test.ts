import { expect, test } from "vitest";
import { node } from "@/testing/samples";
import { matchesNode, sortNodes, usual } from "./nodeList";
import { nodesSearch } from "./nodesSearch";

const worker = (number: number, change: Parameters<typeof node>[0] = {}) =>
  node({ id: `w${number}`, hostname: `worker-${number}`, role: "worker", leader: false, ...change });
const names = (nodes: readonly { hostname: string }[]) => nodes.map(({ hostname }) => hostname);

test("the leader and the managers come first, and names with numbers in their order", () => {
  const nodes = [worker(10), worker(2), node({ id: "m2", hostname: "m2", leader: false }), node({})];
  expect(names(sortNodes(nodes, undefined))).toEqual(["manager-1", "m2", "worker-2", "worker-10"]);
  expect(names(sortNodes(nodes, "-name"))).toEqual(["worker-10", "worker-2", "manager-1", "m2"]);
});

test("sorting by state puts what is down on top", () => {
  const nodes = [worker(1), worker(2, { state: "down" }), worker(3, { availability: "drain" })];
  expect(names(sortNodes(nodes, "state"))).toEqual(["worker-2", "worker-3", "worker-1"]);
});

test("words are looked for in names, states, labels and platforms, and can be excluded", () => {
  const drained = worker(1, { availability: "drain", labels: { zone: "east" }, architecture: "arm64" });
  expect(matchesNode(drained, "drained zone=EAST")).toBe(true);
  expect(matchesNode(drained, "arm64 worker")).toBe(true);
  expect(matchesNode(drained, "!drained")).toBe(false);
});

test("the usual engine is what most nodes have", () => {
  expect(usual(["26", "27", "26"])).toBe("26");
  expect(usual([])).toBeNull();
});

test("an address that says nonsense shows everything", () => {
  expect(nodesSearch({ q: 5, show: "constructor", sort: "-engine" })).toEqual({ q: "5", sort: "-engine" });
  expect(nodesSearch({ show: "workers", sort: "size" })).toEqual({ show: "workers" });
});
