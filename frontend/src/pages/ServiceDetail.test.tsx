import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { json, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { serviceDetail, task } from "@/testing/samples";

const withEtag = (revision: number, yaml: string) =>
  json(200, serviceDetail({ name: "web", revision, yaml }), { ETag: `"${revision}"` });

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
  const editor = await screen.findByLabelText<HTMLTextAreaElement>("Definition of web");
  await user.clear(editor);
  await user.type(editor, "image: mine");
  await user.click(screen.getByRole("button", { name: "Save" }));
  const conflict = within(await screen.findByRole("alert", { name: "Changed meanwhile" }));
  expect(conflict.getByText("image: app:2")).toBeTruthy();
  expect(editor.value).toBe("image: mine");
  await user.click(conflict.getByRole("button", { name: "Save mine over revision 2" }));
  await waitFor(() => {
    const puts = asked.filter((request) => request.method === "PUT");
    expect(puts.map((request) => request.headers.get("If-Match"))).toEqual(['"1"', '"2"']);
    expect(puts.map((request) => request.body)).toEqual([{ yaml: "image: mine" }, { yaml: "image: mine" }]);
  });
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
