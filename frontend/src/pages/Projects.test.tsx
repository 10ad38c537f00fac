import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { hangs, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { build, listing, project, projectListing } from "@/testing/samples";

test("projects are listed with git, size, last build and who uses them", async () => {
  network({
    "GET /api/projects": projectListing([
      project({
        name: "web",
        git: { branch: "main", commit: "0123456789abcdef" },
        services: ["shop"],
        last_build: build({ id: "b9", state: "succeeded", finished_at: "2026-01-02T03:04:09Z" }),
      }),
      project({ name: "docs", dockerfiles: [] }),
    ]),
  });
  open("/projects");
  expect(await screen.findByRole("link", { name: "web" })).toBeTruthy();
  expect(screen.getByText("0123456")).toBeTruthy();
  expect(screen.getByText("succeeded")).toBeTruthy();
  expect(screen.getByRole("link", { name: "shop" })).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Build docs" }).disabled).toBe(true);
});

test("without projects the page says how to copy one there", async () => {
  network({});
  open("/projects");
  expect(await screen.findByText(/rsync -av --exclude='\.git' \.\/my-project\//)).toBeTruthy();
});

test("while projects load their place is held, and a problem shows its sentence", async () => {
  const { routes } = network({ "GET /api/projects": hangs });
  open("/projects");
  expect(await screen.findByRole("status", { name: "Loading projects" })).toBeTruthy();
  routes["GET /api/projects/x"] = new Problem(404, "project_not_found", "There is no project 'x'.");
  open("/projects/x");
  expect(await screen.findByText("There is no project 'x'.")).toBeTruthy();
});

test("building a project that several services use asks for which", async () => {
  const { asked } = network({
    "GET /api/projects": projectListing([project({ name: "web", services: ["shop", "blog"] })]),
    "POST /api/services/blog/build": build({ service: "blog" }),
    "GET /api/builds/b1": build({ service: "blog" }),
  });
  const { user, address } = open("/projects");
  await user.click(await screen.findByRole("button", { name: "Build web" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Build web" }));
  await user.selectOptions(dialog.getByLabelText("For service"), "blog");
  await user.click(dialog.getByRole("button", { name: "Build" }));
  await waitFor(() => expect(address()).toBe("/builds/b1"));
  expect(asked.find(({ method }) => method === "POST")?.path).toBe("/api/services/blog/build");
});

test("a project that no service uses leads to a service that is built from it", async () => {
  const { asked } = network({
    "GET /api/projects": projectListing([project({ name: "web" })]),
    "POST /api/services": {},
    "POST /api/services/web/build": build(),
    "GET /api/builds/b1": build(),
  });
  const { user, address } = open("/projects");
  await user.click(await screen.findByRole("button", { name: "Build web" }));
  await user.click(await screen.findByRole("link", { name: "New service from web" }));
  expect((await screen.findByLabelText<HTMLInputElement>("Name")).value).toBe("web");
  expect(screen.getByLabelText<HTMLInputElement>("Built from").value).toBe("web");
  await user.click(screen.getByRole("button", { name: "Create, build and deploy" }));
  await waitFor(() => expect(address()).toBe("/builds/b1"));
  const posts = asked.filter(({ method, path }) => method === "POST" && path !== "/api/drafts");
  expect(posts.map(({ path }) => path)).toEqual(["/api/services", "/api/services/web/build"]);
  const { name, yaml } = (posts[0]?.body ?? {}) as { name?: string; yaml?: string };
  expect(name).toBe("web");
  expect(yaml).toContain("image: ${REGISTRY_HOST}/web:latest");
  expect(yaml).toContain("build_context: web");
});

test("a project's page shows its builds", async () => {
  network({
    "GET /api/projects/web": project({ name: "web", services: ["web"] }),
    "GET /api/builds": listing([build({ state: "failed", cause: "exit code 1" })]),
  });
  open("/projects/web");
  expect(await screen.findByText("exit code 1")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Build" })).toBeTruthy();
});
