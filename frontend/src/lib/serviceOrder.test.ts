import { describe, expect, test } from "vitest";
import { service } from "@/testing/samples";
import { grouped, inHeldOrder, linesOf, nextSort, readSort, sorted, sortText } from "./serviceOrder";

const on = (...hostnames: string[]) => hostnames.map((hostname) => ({ id: hostname, hostname, running: 1 }));
const all = [
  service({
    name: "web-10",
    running: 5,
    stack: "shop",
    nodes: on("b", "a"),
    updated_at: "2026-01-03T00:00:00Z",
  }),
  service({ name: "web-2", running: 1, stack: "shop", nodes: on("a"), image: null, updated_at: null }),
  service({ name: "db", status: "failed", running: 0, nodes: [] }),
];
const names = (services: readonly { name: string }[]) => services.map(({ name }) => name);

describe("order", () => {
  test("is by problem, then by name as people count", () => {
    expect(names(sorted(all, readSort(undefined)))).toEqual(["db", "web-2", "web-10"]);
    expect(names(sorted(all, readSort("-name")))).toEqual(["web-10", "web-2", "db"]);
    expect(names(sorted(all, readSort("-replicas")))).toEqual(["web-10", "web-2", "db"]);
    expect(names(sorted(all, readSort("-updated")))[0]).toBe("web-10");
    expect(names(sorted(all, readSort("image"))).at(-1)).toBe("web-2");
  });

  test("is written in the address and read forgivingly", () => {
    for (const text of ["name", "-updated"]) expect(sortText(readSort(text))).toBe(text);
    expect(readSort("-problems")).toEqual({ by: "problems", down: false });
    expect(readSort("nonsense").by).toBe("problems");
  });

  test("goes one way, the other and back to problems first", () => {
    const first = nextSort(readSort(undefined), "updated");
    const second = nextSort(first, "updated");
    expect([first, second, nextSort(second, "updated")].map(sortText)).toEqual([
      "-updated",
      "updated",
      "problems",
    ]);
  });

  test("is held for those that were there, and new ones come last", () => {
    const held = new Map([
      ["web-2", 0],
      ["db", 1],
    ]);
    expect(names(inHeldOrder(all, held))).toEqual(["web-2", "db", "web-10"]);
  });
});

describe("groups", () => {
  test("by stack: by name, and what is in none last", () => {
    expect(grouped(all, "stack").map(({ title, services }) => [title, services.length])).toEqual([
      ["shop", 2],
      ["In no stack", 1],
    ]);
  });

  test("by node: a service stands under each node it runs on", () => {
    expect(grouped(all, "node").map(({ title, services }) => [title, ...names(services)])).toEqual([
      ["a", "web-10", "web-2"],
      ["b", "web-10"],
      ["On no node", "db"],
    ]);
  });

  test("a folded one keeps its heading only", () => {
    const lines = linesOf(all, "stack", new Set(["shop"]));
    expect(lines.map(({ id }) => id)).toEqual(["group shop", "group ", "/db"]);
  });
});
