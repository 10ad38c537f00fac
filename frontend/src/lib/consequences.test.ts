import { expect, test } from "vitest";
import { service } from "@/testing/samples";
import { some, tasksThatEnd, whatGoesAway, whileRestarting } from "./consequences";

const port = (published: number | null) => ({
  target: 80,
  published,
  protocol: "tcp",
  mode: "ingress" as const,
});
const web = service({ name: "web", running: 2, stack: "shop", ports: [port(8080)], image: "a:1" });
const db = service({ name: "db", stack: "shop", image: "b:1" });

test("a stop names the ports that go away and what stays of the stack", () => {
  expect(whatGoesAway([web], [web, db])).toEqual([
    "Published port 8080 goes away on every node.",
    "Of the stack shop there stays db; what they ask of it fails.",
    "No other service runs its image.",
  ]);
  expect(whatGoesAway([web, db], [web, db])).toEqual([
    "Published port 8080 (web) goes away on every node.",
    "Nothing of the stack shop runs after that.",
  ]);
});

test("a port that is not published goes away for nobody", () => {
  const quiet = service({ name: "quiet", ports: [port(null)], image: "a:1" });
  expect(whatGoesAway([quiet], [quiet, service({ name: "other", image: "a:1" })])).toEqual([]);
});

test("what shares a network is named: it no longer reaches it", () => {
  const one = service({ name: "one", networks: ["front"], image: "a:1" });
  const two = service({ name: "two", networks: ["front", "back"], image: "a:1" });
  expect(whatGoesAway([one], [one, two])).toEqual(["On the network front, two no longer reaches it."]);
  expect(whatGoesAway([one, two], [one, two])).toEqual([]);
});

test("tasks are counted with their nodes", () => {
  const busy = service({ name: "x", running: 3, nodes: [{ id: "1", hostname: "w1", running: 3 }] });
  expect(tasksThatEnd([busy])).toBe("3 running tasks on w1 end.");
  expect(tasksThatEnd([service({ name: "y", running: 0 })])).toBe("No task of it runs now.");
});

test("a single replica is away while it restarts", () => {
  expect(whileRestarting([service({ name: "one", desired: 1 })])[0]).toMatch(/start-first/);
  expect(whileRestarting([service({ name: "two", desired: 2 })])).toEqual([]);
});

test("long lists of names are cut", () => {
  expect(some(["a", "b", "c", "d", "e"])).toBe("a, b, c, d, e");
  expect(some(["a", "b", "c", "d", "e", "f"])).toBe("a, b, c, d and 2 more");
});
