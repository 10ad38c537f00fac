import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noAnswer } from "@/api/problem";
import { type Check, type Checked, DraftSession, nameIn } from "./draftSession";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function server() {
  const open: { draft: Parameters<Check>[0]; answer: (checked: Checked) => void; signal: AbortSignal }[] = [];
  const check: Check = (draft, signal) =>
    new Promise((resolve) => open.push({ draft, answer: resolve, signal }));
  return { open, check };
}
const tick = () => vi.advanceTimersByTimeAsync(1_000);

test("a change of the form changes the text, and keeps what is typed meanwhile", async () => {
  const { open, check } = server();
  const session = new DraftSession(check, "web", "# mine\nimage: a\n");
  open[0]?.answer({ yaml: "# mine\nimage: a\n", definition: { image: "a" }, errors: [] });
  await tick();
  session.writeForm({ image: "b" });
  session.writeForm({ image: "bc" });
  await tick();
  expect(open).toHaveLength(2);
  expect(open[1]?.draft).toEqual({ name: "web", yaml: "# mine\nimage: a\n", definition: { image: "bc" } });
  open[1]?.answer({ yaml: "# mine\nimage: bc\n", definition: { image: "bc" }, errors: [] });
  await tick();
  expect(session.read()).toMatchObject({
    text: "# mine\nimage: bc\n",
    definition: { image: "bc" },
    pending: null,
  });
});

test("the last answer wins: one that was overtaken is thrown away", async () => {
  const { open, check } = server();
  const session = new DraftSession(check, "web", "image: a\n");
  session.writeText("image: b\n");
  await tick();
  expect(open[0]?.signal.aborted).toBe(true);
  open[1]?.answer({ definition: { image: "b" }, errors: [] });
  await tick();
  open[0]?.answer({ definition: { image: "a" }, errors: [] });
  await tick();
  expect(session.read().definition).toEqual({ image: "b" });
});

test("whoever saves waits for the text that the form makes", async () => {
  const { open, check } = server();
  const session = new DraftSession(check, "web", "image: a\n");
  open[0]?.answer({ definition: { image: "a" }, errors: [] });
  await tick();
  session.writeForm({ image: "b" });
  const settled = session.settle();
  open[1]?.answer({ yaml: "image: b\n", definition: { image: "b" }, errors: [] });
  expect(await settled).toBe(true);
  expect(session.read().text).toBe("image: b\n");
});

test("a server that does not answer leaves what was typed, and is asked again", async () => {
  let down = true;
  const session = new DraftSession(
    async ({ yaml }) => {
      if (down) throw noAnswer();
      return { definition: { text: yaml }, errors: [] };
    },
    "web",
    "image: a\n",
  );
  expect(await session.settle()).toBe(false);
  session.writeText("image: b\n");
  await tick();
  expect(session.read()).toMatchObject({ text: "image: b\n", pending: "text" });
  expect(await session.settle()).toBe(false);
  down = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(session.read()).toMatchObject({
    definition: { text: "image: b\n" },
    pending: null,
    failure: null,
  });
  expect(await session.settle()).toBe(true);
});

test("a text that is not a mapping has no form", async () => {
  const { open, check } = server();
  const session = new DraftSession(check, "shop", "name: shop\nimage: a\n");
  open[0]?.answer({ definition: null, errors: [{ field: "yaml", reason: "is no mapping" }] });
  await tick();
  expect(session.read()).toMatchObject({ definition: null, pending: null });
});

test("a service that is not made yet is called as its text says, and its text as it is called", async () => {
  const { open, check } = server();
  const session = new DraftSession(check, "", "name: \nimage: a\n", true);
  session.writeText("name: shop\nimage: a\n");
  expect(session.read().name).toBe("shop");
  await tick();
  expect(open[1]?.draft.name).toBe("shop");
  open[1]?.answer({ definition: { name: "shop", image: "a" }, errors: [] });
  await tick();
  session.rename("1st");
  session.writeForm({ ...session.read().definition, image: "b" });
  await tick();
  expect(open[2]?.draft).toEqual({
    name: "1st",
    yaml: 'name: "1st"\nimage: a\n',
    definition: { name: "1st", image: "b" },
  });
});

test("the name in a text is found, unless it is not plain", () => {
  expect(nameIn("# hi\nname: web # mine\nimage: a")).toBe("web");
  expect(nameIn("name: 'web'")).toBe("web");
  expect(nameIn("  name: nested")).toBeUndefined();
  expect(nameIn("image: a")).toBeUndefined();
});
