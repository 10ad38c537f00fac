import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, serviceDetail } from "@/testing/samples";

test("the form becomes a definition, is created and deployed", async () => {
  const { asked } = network({
    "POST /api/services": serviceDetail({ name: "web" }),
    "GET /api/services/web": serviceDetail({ name: "web" }),
    "POST /api/services/web/deploy": deployment(),
    "GET /api/deployments/d1": deployment({ state: "succeeded" }),
  });
  const { user, address } = open("/new-service");
  await user.type(await screen.findByLabelText("Name"), "web");
  await user.type(screen.getByLabelText("Image"), "nginx:1");
  await user.click(screen.getByRole("button", { name: "Add port" }));
  await user.type(screen.getByLabelText("Port 1: published"), "8088");
  await user.type(screen.getByLabelText("Port 1: in the container"), "80");
  await user.click(screen.getByRole("button", { name: "Create and deploy" }));
  await waitFor(() => expect(address()).toBe("/services/web"));
  const posts = asked.filter((request) => request.method === "POST");
  expect(posts.map((request) => [request.path, request.body])).toEqual([
    ["/api/services", { name: "web", definition: { image: "nginx:1", replicas: 1, ports: ["8088:80"] } }],
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

test("the YAML tab starts from the form, and errors lead to their line", async () => {
  const { asked } = network({
    "POST /api/services": new Problem(422, "invalid_input", "1 error.", [
      { field: "replica", reason: "is not known", line: 3, column: 1 },
    ]),
  });
  const { user } = open("/new-service");
  await user.type(await screen.findByLabelText("Image"), "nginx:1");
  await user.click(screen.getByRole("tab", { name: "YAML" }));
  const editor = await screen.findByLabelText<HTMLTextAreaElement>("Definition as YAML");
  expect(editor.value).toContain("image: nginx:1");
  await user.clear(editor);
  await user.click(editor);
  await user.paste("name: web\nimage: nginx:1\nreplica: 2\n");
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("web");
  await user.click(screen.getByRole("button", { name: "Create only" }));
  await user.click(await screen.findByRole("button", { name: "Line 3" }));
  expect(document.activeElement).toBe(editor);
  expect(editor.value.slice(editor.selectionStart)).toMatch(/^replica/);
  expect(asked.findLast((request) => request.method === "POST")?.body).toEqual({
    name: "web",
    yaml: "name: web\nimage: nginx:1\nreplica: 2\n",
  });
});
