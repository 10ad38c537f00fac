import { expect, test } from "vitest";
import {
  age,
  ago,
  asSentence,
  bytes,
  imageParts,
  plural,
  shortDigest,
  span,
  withoutColourCodes,
} from "./format";

test("ages are said in the largest unit that fits, and never in the future", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(ago("2026-01-01T23:59:59Z", now)).toBe("now");
  expect(ago("2026-01-01T23:59:20Z", now)).toBe("40 s ago");
  expect(ago("2026-01-01T22:00:00Z", now)).toBe("2 h ago");
  expect(ago("2025-12-21T00:00:00Z", now)).toBe("12 d ago");
  expect(ago("2026-01-02T00:00:09Z", now)).toBe("now");
  expect(span(600)).toBe("10 min");
});

test("freshness has tenths while it is young", () => {
  expect(age(0.42)).toBe("0.4 s");
  expect(age(42)).toBe("42 s");
});

test("sizes are binary and short", () => {
  expect(bytes(0)).toBe("0 B");
  expect(bytes(1536)).toBe("1.5 KB");
  expect(bytes(24 * 1024 ** 3)).toBe("24 GB");
});

test("image references are split as Docker does", () => {
  expect(imageParts("10.0.0.5:5000/ml/whisper:large-v3")).toEqual({
    registry: "10.0.0.5:5000",
    repository: "ml/whisper",
    tag: "large-v3",
  });
  expect(imageParts("redis")).toEqual({ registry: null, repository: "redis", tag: null });
  expect(imageParts("grafana/grafana:12.1")).toEqual({
    registry: null,
    repository: "grafana/grafana",
    tag: "12.1",
  });
  expect(imageParts("localhost/app@sha256:abc")).toEqual({
    registry: "localhost",
    repository: "app",
    tag: null,
  });
  expect(imageParts("host:5000/app")).toEqual({ registry: "host:5000", repository: "app", tag: null });
});

test("small words", () => {
  expect(shortDigest("sha256:2ef62252271c9999")).toBe("2ef62252271c");
  expect(plural(1, "node")).toBe("1 node");
  expect(plural(1200, "line")).toBe("1,200 lines");
  expect(asSentence("heartbeat failure")).toBe("Heartbeat failure.");
  expect(withoutColourCodes("\u001b[31mred\u001b[0m plain")).toBe("red plain");
});
