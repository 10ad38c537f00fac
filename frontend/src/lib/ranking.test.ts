import { expect, test } from "vitest";
import { rankOf, wordsOf } from "./ranking";

const best = (typed: string, texts: string[]) =>
  texts
    .map((text) => [text, rankOf(wordsOf(typed), text)] as const)
    .filter(([, score]) => score !== null)
    .sort(([, a], [, b]) => (b ?? 0) - (a ?? 0))
    .map(([text]) => text);

test("the whole text, its beginning, a word's beginning, its inside and its letters, in this order", () => {
  expect(best("web", ["w-e-b", "cobweb", "shop-web", "webhook", "web"])).toEqual([
    "web",
    "webhook",
    "shop-web",
    "cobweb",
    "w-e-b",
  ]);
});

test("all words have to fit, in any order", () => {
  expect(best("api shop", ["shop-api", "shop-web", "api"])).toEqual(["shop-api"]);
});

test("letters that lie far apart are no hit, nor is a single one inside", () => {
  expect(rankOf(["wb"], "w234567890123456b")).toBeNull();
  expect(rankOf(["b"], "abc")).toBe(rankOf(["b"], "abc"));
  expect(rankOf(["z"], "web")).toBeNull();
});

test("what stands in an expression is text", () => {
  expect(rankOf(["a.b"], "xa-b")).toBeNull();
  expect(rankOf(["(a"], "x (a")).not.toBeNull();
});
