import { expect, test } from "vitest";
import { mergeTexts } from "./mergeTexts";

const base = "name: web\nimage: a\nreplicas: 1\n\nports:\n  - 8080:80\n";

test("changes in different places come together", () => {
  const mine = base.replace("image: a", "# mine\nimage: b");
  const theirs = base.replace("  - 8080:80", "  - 8080:80\n  - 8443:443");
  expect(mergeTexts(base, mine, theirs)).toEqual({
    text: "name: web\n# mine\nimage: b\nreplicas: 1\n\nports:\n  - 8080:80\n  - 8443:443\n",
    conflicts: 0,
  });
});

test("of the same lines, mine are taken and counted", () => {
  const merged = mergeTexts(base, base.replace("1\n", "3\n"), base.replace("1\n", "5\n"));
  expect(merged).toEqual({ text: base.replace("1\n", "3\n"), conflicts: 1 });
});

test("the same change of both is no conflict", () => {
  const changed = base.replace("image: a", "image: c");
  expect(mergeTexts(base, changed, changed)).toEqual({ text: changed, conflicts: 0 });
});

test("what one took away stays away", () => {
  const gone = base.replace("replicas: 1\n", "");
  expect(mergeTexts(base, base, gone)).toEqual({ text: gone, conflicts: 0 });
  expect(mergeTexts(base, gone, base)).toEqual({ text: gone, conflicts: 0 });
  expect(mergeTexts("", "a", "")).toEqual({ text: "a", conflicts: 0 });
});
