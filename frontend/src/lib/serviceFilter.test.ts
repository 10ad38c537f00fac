import { describe, expect, test } from "vitest";
import { service } from "@/testing/samples";
import { filterHelp } from "./filterHelp";
import { parseFilter } from "./serviceFilter";

const web = service({
  name: "web-front",
  image: "10.0.0.5:5000/shop/front:3",
  stack: "shop",
  nodes: [{ id: "n1", hostname: "worker-2", running: 1 }],
  ports: [{ target: 80, published: 8088, protocol: "tcp", mode: "ingress" }],
});
const batch = service({
  name: "batch-10",
  status: "failed",
  reason: "node_down",
  image: "jobs:1",
  mode: "replicated-job",
  drift: true,
  in_catalog: false,
});
const kept = (text: string) =>
  [web, batch].filter(parseFilter(text).keeps).map(({ name }) => name.split("-")[0]);

describe("the filter's language", () => {
  test.each([
    ["", ["web", "batch"]],
    ["WEB", ["web"]],
    ["shop worker", ["web"]],
    ["8088", ["web"]],
    ["web batch", []],
    ["10.0.0.5:5000/shop", ["web"]],
    ["!web", ["batch"]],
    ["status:failed", ["batch"]],
    ["status:running,failed", ["web", "batch"]],
    ["!status:failed", ["web"]],
    ["status:node-down", ["batch"]],
    ["stack:shop", ["web"]],
    ["stack:none", ["batch"]],
    ["node:worker-2", ["web"]],
    ["image:jobs", ["batch"]],
    ["port:80", ["web"]],
    ["port:8088", ["web"]],
    ["port:808", []],
    ["mode:replicated-job", ["batch"]],
    ["drift", ["batch"]],
    ["!drift", ["web"]],
    ["is:foreign", ["batch"]],
    ["is:problem", ["batch"]],
    ["~wfr", ["web"]],
    ["~rfw", []],
    ["/^batch-\\d+$/", ["batch"]],
    ['"web front"', []],
    ['name:"web"', ["web"]],
    ["status:", ["web", "batch"]],
  ])("%s", (text, names) => {
    expect(kept(text)).toEqual(names);
  });

  test("says what it does not understand, and still filters by the rest", () => {
    expect(parseFilter("status:broke").mistakes).toEqual([]);
    expect(parseFilter("status:sideways").mistakes[0]).toMatch(
      /status:sideways is unknown; there are failed/,
    );
    expect(parseFilter("/(/ web").mistakes).toEqual(["/(/ is no regular expression"]);
    expect(kept("/(/ web")).toEqual(["web"]);
  });

  test("understands every example of its help", () => {
    for (const [example] of filterHelp) expect(parseFilter(example).mistakes).toEqual([]);
  });
});
