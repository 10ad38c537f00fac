import { expect, test } from "vitest";
import {
  lineRows,
  linesOf,
  pairRows,
  pairsOf,
  portOf,
  portRow,
  typed,
  typedWords,
  valueAt,
  withValue,
} from "./definitionValue";

test("a value is set where it stands, and what the form does not know stays", () => {
  const data = { image: "a", cap_add: ["NET_ADMIN"], resources: { limits: { pids: 5 } } };
  expect(withValue(data, ["resources", "limits", "memory"], "64m")).toEqual({
    ...data,
    resources: { limits: { pids: 5, memory: "64m" } },
  });
  expect(withValue(data, ["resources", "limits", "pids"], undefined)).toEqual({
    image: "a",
    cap_add: ["NET_ADMIN"],
  });
  expect(valueAt(data, ["resources", "limits", "pids"])).toBe(5);
  expect(valueAt(data, ["image", "no"])).toBeUndefined();
});

test("a number is a number, anything else goes to the server as typed", () => {
  expect(typed("3", "number")).toBe(3);
  expect(typed("many", "number")).toBe("many");
  expect(typed(" ", "number")).toBeUndefined();
  expect(typed("0.50", "text")).toBe("0.50");
  expect(typedWords("serve --all")).toBe("serve --all");
  expect(typedWords('["serve", "--all"]')).toEqual(["serve", "--all"]);
  expect(typedWords("[ -f x ] && y")).toBe("[ -f x ] && y");
});

test.each(["8080:80", "5353:53/udp", 80, "9000-9001:80-81", { target: 80, published: 8080, mode: "host" }])(
  "the port %j stays as it is written until it is touched",
  (written) => {
    expect(portOf(portRow(written))).toEqual(written);
  },
);

test("a port is written in the form that means what was chosen", () => {
  const row = { published: "8080", target: "80", protocol: "tcp", mode: "ingress" };
  expect(portOf(row)).toBe("8080:80");
  expect(portOf({ ...row, protocol: "udp" })).toBe("8080:80/udp");
  expect(portOf({ ...row, mode: "host" })).toEqual({ target: 80, published: 8080, mode: "host" });
  expect(portOf({ ...row, published: "" })).toEqual({ target: 80, mode: "ingress" });
  expect(portOf({ ...row, published: "", target: "" })).toBeUndefined();
  expect(portOf({ ...portRow({ target: 80, mode: "host" }), published: "81" })).toEqual({
    target: 80,
    published: 81,
    mode: "host",
  });
});

test("variables keep the form they are written in, and numbers their spelling", () => {
  const mapping = { A: 1, B: "two" };
  const rows = pairRows(mapping) ?? [];
  expect(pairsOf(rows, mapping)).toEqual(mapping);
  expect(pairsOf([...rows, { key: "C", value: "" }], mapping)).toEqual({ A: 1, B: "two", C: "" });
  const list = ["A=1", "B=x=y"];
  expect(pairsOf(pairRows(list) ?? [], list)).toEqual(list);
  expect(pairsOf([{ key: " ", value: "lost" }], undefined)).toBeUndefined();
});

test("lists keep their long forms", () => {
  const mounts = ["data:/data", { type: "tmpfs", target: "/x" }];
  expect(linesOf(lineRows(mounts) ?? [])).toEqual(mounts);
  expect(linesOf(lineRows("node.role == worker") ?? [])).toEqual(["node.role == worker"]);
  expect(lineRows({ front: null })).toBeNull();
  expect(linesOf([{ value: " " }])).toBeUndefined();
});
