import { describe, expect, test } from "vitest";
import { node, service } from "@/testing/samples";
import { mergeServices, nodeSpread, portLinks } from "./serviceList";

describe("catalog and swarm as one list", () => {
  test("names a service once, and the catalog's entry wins", () => {
    const merged = mergeServices(
      [service({ name: "web", revision: 7 })],
      [service({ name: "web", revision: null }), service({ name: "redis", in_catalog: false })],
    );
    expect(merged.map(({ name, revision }) => [name, revision])).toEqual([
      ["redis", 1],
      ["web", 7],
    ]);
  });

  test("puts problems first, worst on top, and keeps the rest in place while it changes", () => {
    const names = (status: "running" | "updating") =>
      mergeServices(
        [
          service({ name: "b", status }),
          service({ name: "c", status: "degraded" }),
          service({ name: "a", status: "stopped" }),
          service({ name: "d", status: "failed" }),
          service({ name: "e", status: "pending", reason: "starting" }),
        ],
        [],
      ).map((each) => each.name);
    expect(names("running")).toEqual(["d", "c", "a", "b", "e"]);
    expect(names("updating")).toEqual(names("running"));
  });
});

describe("where a port answers", () => {
  const nodes = [
    node({ id: "n1", address: "10.0.0.5", state: "down" }),
    node({ id: "n2", address: "10.0.0.6" }),
    node({ id: "n3", address: "fd00::7" }),
  ];
  const on = (mode: "ingress" | "host", change = {}) =>
    portLinks(
      service({
        name: "web",
        ports: [{ target: 80, published: 8088, protocol: "tcp", mode }],
        nodes: [{ id: "n3", hostname: "c", running: 1 }],
        ...change,
      }),
      nodes,
    )[0]?.href;

  test("is any node that is up for ingress, the task's own for host mode", () => {
    expect(on("ingress")).toBe("http://10.0.0.6:8088");
    expect(on("host")).toBe("http://[fd00::7]:8088");
  });

  test("is nowhere while nothing runs", () => {
    expect(on("ingress", { running: 0 })).toBeNull();
  });
});

test("the node spread is short and says when it is every node", () => {
  const share = (hostname: string, running = 1) => ({ id: hostname, hostname, running });
  expect(nodeSpread(service({ name: "a", nodes: [] }), 3)).toBe("–");
  expect(nodeSpread(service({ name: "a", nodes: [share("x", 2), share("y")] }), 3)).toBe("x ×2, y");
  expect(nodeSpread(service({ name: "a", nodes: [share("x"), share("y"), share("z"), share("w")] }), 9)).toBe(
    "4 nodes",
  );
  expect(nodeSpread(service({ name: "a", mode: "global", nodes: [share("x"), share("y")] }), 2)).toBe(
    "every node",
  );
});
