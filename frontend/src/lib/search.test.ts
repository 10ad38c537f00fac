import { expect, test } from "vitest";
import { serviceSearch, servicesSearch, signInSearch } from "./search";

test("unknown values in the address are left out, never an error", () => {
  expect(servicesSearch({ q: "web", show: "nonsense", other: 1 })).toEqual({ q: "web" });
  expect(servicesSearch({ q: 8080, show: "problems" })).toEqual({ q: "8080", show: "problems" });
  expect(serviceSearch({ tab: "logs", task: "web.1" })).toEqual({ tab: "logs", task: "web.1" });
  expect(serviceSearch({ tab: "overview" })).toEqual({});
});

test("after the sign-in one is never led away from this page", () => {
  expect(signInSearch({ next: "/services?q=a" })).toEqual({ next: "/services?q=a" });
  for (const next of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/sign-in",
    "",
  ]) {
    expect(signInSearch({ next })).toEqual({});
  }
});
