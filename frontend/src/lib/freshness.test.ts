import { expect, test } from "vitest";
import { noAnswer } from "@/api/problem";
import { health } from "@/testing/samples";
import { freshness } from "./freshness";

test("the age is the server's plus the time since its answer, whatever the two clocks say", () => {
  expect(freshness(health({ stale_seconds: 0.4 }), 10_000, 12_000, null)).toEqual({
    state: "live",
    age: 2.4,
  });
});

test("between two looks the picture ages, and only silence beyond the longest pause is trouble", () => {
  expect(freshness(health({ stale_seconds: 20 }), 0, 0, null, true)).toMatchObject({ state: "live" });
  expect(freshness(health({ stale_seconds: 20 }), 0, 0, null)).toEqual({ state: "aging", age: 20 });
  expect(freshness(health({ stale_seconds: 55 }), 0, 0, null)).toMatchObject({ state: "stale", age: 55 });
});

test("a server that stopped answering makes the picture stale, with its reason", () => {
  const found = freshness(health({ stale_seconds: 1 }), 0, 20_000, noAnswer());
  expect(found).toMatchObject({ state: "stale", age: 21, why: noAnswer().detail });
});

test("one answer that failed does not make a young picture old", () => {
  expect(freshness(health({ stale_seconds: 1 }), 0, 2_000, noAnswer())).toMatchObject({ state: "live" });
  expect(freshness(health({ stale_seconds: 1 }), 0, 6_000, noAnswer())).toMatchObject({ state: "stale" });
});

test("an engine that does not answer makes even a young picture the last one", () => {
  const { engine } = health();
  const away = { ...engine, connected: false, detail: "Connection refused." };
  expect(freshness(health({ engine: away }), 0, 500, null)).toEqual({
    state: "stale",
    age: 0.9,
    why: "Connection refused.",
  });
});

test("before the first answer nothing is claimed", () => {
  expect(freshness(undefined, 0, 0, null)).toEqual({ state: "unknown" });
  expect(freshness(undefined, 0, 0, noAnswer())).toMatchObject({ state: "stale", age: null });
});
