import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { editorOf } from "@/testing/editor";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, serviceDetail } from "@/testing/samples";

test("the form becomes a text, is created and deployed", async () => {
  const { asked } = network({
    "POST /api/services": serviceDetail({ name: "web" }),
    "GET /api/services/web": serviceDetail({ name: "web" }),
    "POST /api/services/web/deploy": deployment(),
    "GET /api/deployments/d1": deployment({ state: "succeeded" }),
  });
  const { user, address } = open("/new-service");
  await user.type(await screen.findByLabelText("Name"), "web");
  await user.type(await screen.findByLabelText("Image"), "nginx:1");
  await user.click(screen.getByRole("button", { name: "Add port" }));
  await user.type(screen.getByLabelText("Port 1: published"), "8088");
  await user.type(screen.getByLabelText("Port 1: in the container"), "80");
  await user.click(screen.getByRole("button", { name: "Create and deploy" }));
  await waitFor(() => expect(address()).toBe("/services/web"));
  const posts = asked.filter(({ method, path }) => method === "POST" && path !== "/api/drafts");
  expect(posts.map((request) => [request.path, request.body])).toEqual([
    [
      "/api/services",
      { name: "web", yaml: 'name: web\nimage: nginx:1\nreplicas: 1\nports:\n  - "8088:80"\n' },
    ],
    ["/api/services/web/deploy", { adopt: false }],
  ]);
});

test("a deploy that is refused after creation is told, though the form is gone", async () => {
  network({
    "POST /api/services": serviceDetail({ name: "web" }),
    "GET /api/services/web": serviceDetail({
      name: "web",
      live: false,
      status: "stopped",
      reason: "never_deployed",
    }),
    "POST /api/services/web/deploy": () =>
      new Promise((resolve) =>
        setTimeout(() => resolve(new Problem(409, "port_taken", "Port 8088 belongs to api.")), 100),
      ),
  });
  const { user } = open("/new-service");
  await user.type(await screen.findByLabelText("Name"), "web");
  await user.click(screen.getByRole("button", { name: "Create and deploy" }));
  expect(await screen.findByRole("heading", { level: 1, name: "web" })).toBeTruthy();
  expect(await screen.findByText("Port 8088 belongs to api.")).toBeTruthy();
});

test("the server's reasons stand at the fields they are about", async () => {
  network({
    "POST /api/services": new Problem(422, "invalid_input", "2 fields are wrong.", [
      { field: "definition.replicas", reason: "must be 0 or more" },
      { field: "name", reason: "has a slash" },
    ]),
  });
  const { user } = open("/new-service");
  const name = await screen.findByLabelText("Name");
  await user.type(name, "../x");
  await user.click(screen.getByRole("button", { name: "Create only" }));
  await waitFor(() => expect(name.getAttribute("aria-invalid")).toBe("true"));
  const replicas = screen.getByLabelText("Replicas");
  expect(replicas.getAttribute("aria-invalid")).toBe("true");
  const described = (replicas.getAttribute("aria-describedby") ?? "").split(" ");
  expect(described.map((id) => document.getElementById(id)?.textContent)).toContain("must be 0 or more");
});

test("the YAML tab goes on with what the form has, and errors lead to their line", async () => {
  const { asked } = network({
    "POST /api/services": new Problem(422, "invalid_input", "1 error.", [
      { field: "replica", reason: "is not known", line: 3, column: 1 },
    ]),
  });
  const { user } = open("/new-service");
  await user.type(await screen.findByLabelText("Image"), "nginx:1");
  await user.click(screen.getByRole("tab", { name: "YAML" }));
  const editor = await editorOf("Definition as YAML");
  await waitFor(() => expect(editor.text()).toContain("image: nginx:1"));
  editor.write("name: web\nimage: nginx:1\nreplica: 2\n");
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("web");
  await user.click(screen.getByRole("button", { name: "Create only" }));
  await user.click(await screen.findByRole("button", { name: "Line 3" }));
  expect(document.activeElement).toBe(editor.content);
  expect(editor.view.state.doc.sliceString(editor.view.state.selection.main.head)).toMatch(/^replica/);
  expect(editor.content.getAttribute("aria-invalid")).toBe("true");
  expect(asked.findLast(({ path }) => path === "/api/services")?.body).toEqual({
    name: "web",
    yaml: "name: web\nimage: nginx:1\nreplica: 2\n",
  });
});

test("what the text says is in the form, and what only the text knows stays", async () => {
  network({
    "POST /api/drafts": ({ body }: { body: unknown }) => {
      const { definition, yaml } = body as { definition?: Record<string, unknown>; yaml: string };
      const read = { name: "web", image: "a:1", cap_add: ["NET_ADMIN"], env: { A: 1 } };
      return {
        yaml: definition === undefined ? yaml : JSON.stringify(definition),
        definition: read,
        errors: [],
      };
    },
  });
  const { user } = open("/new-service?as=yaml");
  const editor = await editorOf("Definition as YAML");
  editor.write("name: web\nimage: a:1\ncap_add: [NET_ADMIN]\nenv: {A: 1}\n");
  await user.click(screen.getByRole("tab", { name: "Form" }));
  const image = await screen.findByLabelText<HTMLInputElement>("Image");
  await waitFor(() => expect(image.value).toBe("a:1"));
  expect(screen.getByLabelText<HTMLInputElement>("Variable 1: value").value).toBe("1");
  await waitFor(() => expect(image.matches(":disabled")).toBe(false));
  await user.type(image, "2");
  await waitFor(() =>
    expect(screen.getByLabelText("The file as YAML").textContent).toBe(
      '{"name":"web","image":"a:12","cap_add":["NET_ADMIN"],"env":{"A":1}}',
    ),
  );
});

test("another starting point keeps the name, and leaving asks", async () => {
  network({});
  const { user, address } = open("/new-service");
  await user.type(await screen.findByLabelText("Name"), "shop");
  await user.click(screen.getByRole("button", { name: "Job" }));
  expect(await screen.findByLabelText("To complete")).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("shop");
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  await user.click(await screen.findByRole("button", { name: "Discard and leave" }));
  await waitFor(() => expect(address()).toBe("/services"));
});
