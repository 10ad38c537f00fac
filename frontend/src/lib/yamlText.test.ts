import { describe, expect, test } from "vitest";
import { placeErrors, toYaml } from "./yamlText";

describe("a definition as YAML", () => {
  test("is written as a person would", () => {
    const text = toYaml("web", {
      image: "${REGISTRY_HOST}/web:1",
      replicas: 2,
      ports: ["8080:80", { target: 9100, mode: "host" }],
      env: { TZ: "Europe/Berlin" },
    });
    expect(text).toBe(
      [
        "name: web",
        "image: ${REGISTRY_HOST}/web:1",
        "replicas: 2",
        "ports:",
        '  - "8080:80"',
        "  - target: 9100",
        "    mode: host",
        "env:",
        "  TZ: Europe/Berlin",
        "",
      ].join("\n"),
    );
  });

  test.each([
    "yes",
    "no",
    "null",
    "1e3",
    "0.5",
    "08",
    "- x",
    "a: b",
    "a #b",
    "{x}",
    "",
    "true",
    "~",
    " x",
    '"',
    "a\nb",
  ])("quotes %j, which YAML would misread", (value) => {
    expect(toYaml("web", { env: { A: value } })).toContain(`  A: ${JSON.stringify(value)}\n`);
  });
});

describe("the server's errors in a text", () => {
  const text = "name: web\nimage: a\nreplica: 2\nports:\n  - x\n";

  test("stand at the line they name, in order", () => {
    const placed = placeErrors(text, [
      { field: "ports[0]", reason: "is no port", line: 5, column: 5 },
      { field: "replica", reason: "is not known", line: 3, column: 1 },
    ]);
    expect(placed.map(({ line, reason }) => [line, reason])).toEqual([
      [3, "is not known"],
      [5, "is no port"],
    ]);
  });

  test("without a line are looked for by their key", () => {
    expect(placeErrors(text, [{ field: "definition.ports[0].target", reason: "r" }])[0]?.line).toBe(4);
    expect(placeErrors(text, [{ field: "mounts", reason: "r" }])[0]?.line).toBeNull();
  });
});
