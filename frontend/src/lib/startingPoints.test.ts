import { expect, test } from "vitest";
import { fromProject, startedFrom, startingPoints, startOf } from "./startingPoints";

test("another starting point keeps name and image", () => {
  const [empty, web] = startingPoints;
  if (empty === undefined || web === undefined) throw new Error("no starting points");
  const text = empty.text.replace("name: ", "name: shop").replace("image: ", "image: app:1");
  expect(startOf(text)).toBe("empty");
  const next = startedFrom(web, text);
  expect(next).toMatch(/^name: shop\nimage: app:1\nreplicas: 2\n/);
  expect(startOf(next)).toBe("web");
  expect(startOf(`${next}user: me\n`)).toBeUndefined();
});

test("a project is a definition that is built from it", () => {
  expect(fromProject("My App")).toContain("image: ${REGISTRY_HOST}/my-app:latest\n");
  expect(fromProject("My App")).toContain("build_context: My App\n");
});
