import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { editorOf } from "@/testing/editor";
import { json, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, serviceDetail, task } from "@/testing/samples";

const withEtag = (revision: number, yaml: string) =>
  json(200, serviceDetail({ name: "web", revision, yaml }), { ETag: `"${revision}"` });

const withEtagOf = (name: string, yaml: string) => () =>
  json(200, serviceDetail({ name, revision: 1, yaml }), { ETag: '"1"' });

test("a definition is saved against the revision it was read at, and a conflict shows the other text", async () => {
  let revision = 1;
  const { asked } = network({
    "GET /api/services/web": () => withEtag(revision, `image: app:${revision}\n`),
    "PUT /api/services/web": ({ headers }: { headers: Headers }) => {
      if (headers.get("If-Match") === '"2"') return withEtag(3, "image: mine\n");
      revision = 2;
      return new Problem(412, "revision_changed", "web is at revision 2 now.");
    },
  });
  const { user } = open("/services/web?tab=definition");
  const editor = await editorOf("Definition of web");
  editor.write("image: mine\n");
  await user.click(screen.getByRole("button", { name: "Save" }));
  const conflict = within(await screen.findByRole("alert", { name: "Changed meanwhile" }));
  expect(await conflict.findByText(/app:2/)).toBeTruthy();
  expect(editor.text()).toBe("image: mine\n");
  await user.click(conflict.getByRole("button", { name: "Save mine over revision 2" }));
  await waitFor(() => {
    const puts = asked.filter((request) => request.method === "PUT");
    expect(puts.map((request) => request.headers.get("If-Match"))).toEqual(['"1"', '"2"']);
    expect(puts.map((request) => request.body)).toEqual([
      { yaml: "image: mine\n" },
      { yaml: "image: mine\n" },
    ]);
  });
});

test("what both changed is merged, to be read before it is saved", async () => {
  let revision = 1;
  const texts = ["", "image: a\n\nreplicas: 1\n", "image: a\n\nreplicas: 5\n"];
  network({
    "GET /api/services/shop": () =>
      json(200, serviceDetail({ name: "shop", revision, yaml: texts[revision] ?? "" }), {
        ETag: `"${revision}"`,
      }),
    "PUT /api/services/shop": () => {
      revision = 2;
      return new Problem(412, "revision_changed", "shop is at revision 2 now.");
    },
  });
  const { user } = open("/services/shop?tab=definition");
  const editor = await editorOf("Definition of shop");
  editor.write("# mine\nimage: a\n\nreplicas: 1\n");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await user.click(await screen.findByRole("button", { name: "Merge both" }));
  const merged = await editorOf("Definition of shop");
  expect(merged.text()).toBe("# mine\nimage: a\n\nreplicas: 5\n");
  expect(screen.getByText("Changed from revision 2")).toBeTruthy();
});

test("what is not saved is there again when one comes back from another tab", async () => {
  network({ "GET /api/services/kept": withEtagOf("kept", "image: a\n") });
  const { user } = open("/services/kept?tab=definition");
  (await editorOf("Definition of kept")).write("image: b\n");
  await user.click(screen.getByRole("tab", { name: "Tasks" }));
  await user.click(screen.getByRole("tab", { name: "Definition" }));
  expect((await editorOf("Definition of kept")).text()).toBe("image: b\n");
  await user.click(screen.getByRole("button", { name: "Revert" }));
  expect((await editorOf("Definition of kept")).text()).toBe("image: a\n");
});

/** Writes into the definition of `name`, saves and deploys, and goes to the nodes before the server has answered. */
async function goOnWhileSaving(name: string) {
  let answer: (with_: unknown) => void = () => {};
  const { asked } = network({
    [`GET /api/services/${name}`]: withEtagOf(name, "image: a\n"),
    [`PUT /api/services/${name}`]: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
    [`POST /api/services/${name}/deploy`]: deployment({ id: "d4", service: name }),
    "GET /api/deployments/d4": deployment({ id: "d4", service: name, state: "succeeded" }),
  });
  const page = open(`/services/${name}?tab=definition`);
  (await editorOf(`Definition of ${name}`)).write("image: b\n");
  await page.user.click(screen.getByRole("button", { name: "Save and deploy" }));
  await waitFor(() => expect(asked.some(({ method }) => method === "PUT")).toBe(true));
  await page.router.navigate({ to: "/nodes" });
  await waitFor(() => expect(page.address()).toBe("/nodes"));
  expect(screen.queryByRole("alertdialog")).toBeNull();
  return { ...page, asked, answer: (with_: unknown) => answer(with_) };
}

test("one may go on while what was written is being saved: nothing is asked, and the deploy follows", async () => {
  const { asked, answer } = await goOnWhileSaving("sent");
  answer(serviceDetail({ name: "sent", revision: 2, yaml: "image: b\n" }));
  await waitFor(() => expect(asked.some(({ path }) => path === "/api/services/sent/deploy")).toBe(true));
});

test("what is refused after one went on is said, and is still there to be mended", async () => {
  const { asked, answer, router } = await goOnWhileSaving("refused");
  answer(
    new Problem(422, "invalid_input", "image is wrong.", [
      { field: "image", reason: "is wrong", line: 1, column: 1 },
    ]),
  );
  expect(await screen.findByText("refused was not saved")).toBeTruthy();
  expect(asked.some(({ path }) => path === "/api/services/refused/deploy")).toBe(false);
  await router.navigate({
    to: "/services/$name",
    params: { name: "refused" },
    search: { tab: "definition" },
  });
  expect((await editorOf("Definition of refused")).text()).toBe("image: b\n");
  void router.navigate({ to: "/nodes" });
  expect(await screen.findByRole("alertdialog", { name: "Leave without saving?" })).toBeTruthy();
});

test("a service that only the swarm knows is read only, and says why", async () => {
  network({
    "GET /api/services/redis": new Problem(404, "not_in_catalog", "redis is not in the catalog."),
    "GET /api/services/live/redis": serviceDetail({
      name: "redis",
      in_catalog: false,
      yaml: null,
      definition: null,
    }),
  });
  open("/services/redis");
  expect(await screen.findByText(/was not deployed from this catalog/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Deploy" })).toBeNull();
});

test("a service that does not exist says so", async () => {
  network({
    "GET /api/services/nope": new Problem(404, "service_not_found", "The catalog has no service 'nope'."),
  });
  open("/services/nope");
  expect(await screen.findByText("The catalog has no service 'nope'.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "To all services" })).toBeTruthy();
});

test("tasks show what they say", async () => {
  network({
    "GET /api/services/web": serviceDetail({
      name: "web",
      tasks: [
        task({ id: "t1" }),
        task({
          id: "t2",
          name: "web.2",
          slot: 2,
          state: "failed",
          error: "task: non-zero exit (3)",
          exit_code: 3,
        }),
      ],
    }),
  });
  open("/services/web?tab=tasks");
  expect(await screen.findByText("task: non-zero exit (3)")).toBeTruthy();
});
