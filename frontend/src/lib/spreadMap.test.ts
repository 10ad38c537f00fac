import { expect, test } from "vitest";
import { node, service } from "@/testing/samples";
import { spreadMap } from "./spreadMap";

const share = (id: string, running: number) => ({ id, hostname: id, running });

test("each running task is a square on its node, each missing one waits without", () => {
  const map = spreadMap(
    [node({ id: "n1", hostname: "a" }), node({ id: "n2", hostname: "b", leader: false })],
    [
      service({
        name: "web",
        status: "updating",
        desired: 4,
        running: 3,
        nodes: [share("n1", 2), share("n2", 1)],
      }),
      service({ name: "gpu", status: "pending", desired: 1, running: 0 }),
      service({ name: "off", status: "stopped", desired: 2, running: 0, live: false }),
    ],
  );
  expect(map.tiles.map((tile) => [tile.node.hostname, tile.squares.length])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(map.waiting).toEqual([
    { service: "gpu", tone: "wait" },
    { service: "web", tone: "move" },
  ]);
});

test("on a dead node nothing is claimed to run", () => {
  const map = spreadMap(
    [node({ id: "n1", state: "down", tasks_running: 2 })],
    [service({ name: "web", nodes: [share("n1", 1)] })],
  );
  expect(map.tiles[0]?.squares.map((square) => square.tone)).toEqual(["off", "off"]);
});

test("a finished job waits for nothing", () => {
  const done = service({
    name: "job",
    mode: "replicated-job",
    status: "stopped",
    reason: "complete",
    desired: 3,
    running: 0,
    completed: 3,
  });
  expect(spreadMap([], [done]).waiting).toEqual([]);
});
