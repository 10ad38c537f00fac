import { expect, test } from "vitest";
import { jsonLines, jsonSummary } from "./logJson";

test("a line of JSON is its message and its most useful keys, without what the row says anyway", () => {
  const line = {
    time: 1,
    level: 30,
    pid: 7,
    msg: "done",
    user: "ann lee",
    took: 4,
    status: 200,
    deep: { a: 1 },
  };
  expect(jsonSummary(line)).toEqual({
    message: "done",
    pairs: [
      ["status", "200"],
      ["took", "4"],
      ["user", '"ann lee"'],
      ["deep", "{…}"],
    ],
    more: 0,
  });
});

test("an error object says its message, and what is too much is counted", () => {
  const summary = jsonSummary({
    err: { message: "no milk", stack: "…" },
    a: 1,
    b: 2,
    c: 3,
    d: 4,
    e: [1],
    f: 6,
    g: 7,
  });
  expect(summary.message).toBeNull();
  expect(summary.pairs[0]).toEqual(["err", '"no milk"']);
  expect(summary.more).toBe(2);
});

test("all of it is indented text with keys and kinds", () => {
  expect(jsonLines({ "a b": ['x": 1', 2, null] })).toEqual([
    { indent: "", key: null, value: "{", kind: "mark" },
    { indent: "  ", key: '"a b"', value: "[", kind: "mark" },
    { indent: "    ", key: null, value: '"x\\": 1",', kind: "text" },
    { indent: "    ", key: null, value: "2,", kind: "number" },
    { indent: "    ", key: null, value: "null", kind: "word" },
    { indent: "  ", key: null, value: "]", kind: "mark" },
    { indent: "", key: null, value: "}", kind: "mark" },
  ]);
});
