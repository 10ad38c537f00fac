import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type JsonSchema, keysAt, meaningOf, valuesAt } from "./jsonSchema";

const schema = JSON.parse(
  readFileSync("../docs/schemas/service-definition.schema.json", "utf8"),
) as JsonSchema;
const keys = (...path: string[]) => keysAt(schema, path).map(({ key }) => key);
const values = (...path: string[]) => valuesAt(schema, path).map(({ value }) => value);

test("keys are those of the mapping at a path, through lists and references", () => {
  expect(keys()).toContain("healthcheck");
  expect(keys("update_config")).toContain("failure_action");
  expect(keys("ports", "*")).toEqual(["target", "published", "protocol", "mode"]);
  expect(keys("resources", "reservations", "generic_resources", "*", "discrete_resource_spec")).toEqual([
    "kind",
    "value",
  ]);
  expect(keys("networks", "front")).toEqual(["aliases"]);
  expect(keys("env")).toEqual([]);
  expect(keys("nothing", "such")).toEqual([]);
});

test("what follows a key is known", () => {
  const holds = Object.fromEntries(keysAt(schema, []).map((key) => [key.key, key.holds]));
  expect(holds).toMatchObject({
    image: "value",
    replicas: "value",
    ports: "list",
    mounts: "list",
    constraints: "list",
    env: "mapping",
    update_config: "mapping",
    resources: "mapping",
    command: "value",
    stop_grace_period: "value",
    mode: "value",
  });
});

test("values are the words of a closed set, or examples", () => {
  expect(values("mode")).toEqual(["replicated", "global", "replicated-job", "global-job"]);
  expect(valuesAt(schema, ["mode"])[0]).toEqual({ value: "replicated", closed: true, isDefault: true });
  expect(values("update_config", "order")).toEqual(["stop-first", "start-first"]);
  expect(values("init")).toEqual(["true", "false"]);
  expect(values("stop_grace_period")).toContain("10s");
});

test("every key says what it means", () => {
  expect(meaningOf(schema, ["ports", "*", "mode"])).toMatch(/every node/);
  expect(meaningOf(schema, ["env", "TZ"])).toBeUndefined();
});
