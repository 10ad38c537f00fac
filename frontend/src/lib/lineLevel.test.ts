import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { levelOf } from "./lineLevel";

const examples: { line: string; level: string | null }[] = JSON.parse(
  readFileSync("../tests/domain/log_levels.json", "utf8"),
);

test("levels are read as the server reads them", () => {
  expect(examples.length).toBeGreaterThan(40);
  for (const { line, level } of examples) expect([line, levelOf(line)]).toEqual([line, level]);
});
