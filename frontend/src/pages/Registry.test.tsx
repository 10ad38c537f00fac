import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { hangs, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import {
  deployment,
  listing,
  liveListing,
  registry,
  registryListing,
  repository,
  service,
  tag,
} from "@/testing/samples";
import { streams } from "@/testing/stream";

const web = repository({ name: "team/web", tags: 2, used_by: ["web", "shop"] });
const tagsOf = "GET /api/registry/repositories/team/web/tags";

test("repositories are listed with who uses them, and narrowed by name or service", async () => {
  network({ "GET /api/registry/repositories": registryListing([web, repository({ name: "api" })]) });
  const { user, address } = open("/registry");
  expect(await screen.findByRole("link", { name: "team/web" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "shop" })).toBeTruthy();
  await user.keyboard("/");
  await user.keyboard("shop");
  await waitFor(() => expect(screen.queryByRole("link", { name: "api" })).toBeNull());
  expect(address()).toContain("q=shop");
  await user.keyboard("{Escape}");
  expect(await screen.findByRole("link", { name: "api" })).toBeTruthy();
});

test("while repositories load their place is held", async () => {
  network({ "GET /api/registry/repositories": hangs });
  open("/registry");
  expect(await screen.findByRole("status", { name: "Loading repositories" })).toBeTruthy();
});

test("a registry without images says how to push one to it", async () => {
  network({});
  open("/registry");
  expect(await screen.findByRole("heading", { name: "Nothing pushed yet" })).toBeTruthy();
  expect(screen.getByText(/docker push 10\.0\.0\.5:5000\/my-app:1/)).toBeTruthy();
});

test("without a registry the page says how to configure one", async () => {
  network({ "GET /api/registries": listing([]) });
  open("/registry");
  expect(await screen.findByText("REGISTRY_URL=http://192.168.1.100:5000")).toBeTruthy();
});

test("a registry that is away says so, and what was read before stays with its age", async () => {
  const events = streams();
  const { routes } = network({ "GET /api/registry/repositories": registryListing([web]) });
  open("/registry");
  await screen.findByRole("link", { name: "team/web" });
  routes["GET /api/registry/repositories"] = new Problem(
    502,
    "registry_unreachable",
    "Nobody answers there.",
  );
  const stream = events.now("/api/events");
  stream.accept();
  stream.send("registry", { registry: "10.0.0.5:5000", repository: null });
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("Nobody answers there.")).toBeTruthy();
  expect(alert.getByText(/What is listed was read/)).toBeTruthy();
  expect(screen.getByRole("link", { name: "team/web" })).toBeTruthy();
});

test("another registry is chosen in the address, and asked for by its host", async () => {
  const { asked } = network({
    "GET /api/registries": listing([
      registry({}),
      registry({
        host: "ghcr.io",
        url: "https://ghcr.io",
        is_default: false,
        source: "stored",
        username: "me",
      }),
    ]),
  });
  const { user, address } = open("/registry");
  await user.click(await screen.findByRole("button", { name: "ghcr.io" }));
  expect(address()).toContain("registry=ghcr.io");
  expect(await screen.findByText("signs in as me")).toBeTruthy();
  await waitFor(() =>
    expect(
      asked.some(({ path, query }) => path.endsWith("/repositories") && query.get("registry") === "ghcr.io"),
    ).toBe(true),
  );
});

test("credentials go out once and are never shown again", async () => {
  const kept = registry({ username: "robot", has_password: true, credentials_source: "stored" });
  const { asked } = network({
    "GET /api/registries": listing([kept]),
    "PUT /api/registries/10.0.0.5%3A5000": {
      ...kept,
      trial: { outcome: "not_verified", detail: "Saved, but not verified. Nobody answers.", code: "x" },
    },
  });
  const { user } = open("/registry");
  await user.click(await screen.findByRole("button", { name: "More for 10.0.0.5:5000" }));
  await user.click(await screen.findByRole("menuitem", { name: "Change credentials" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Credentials of 10.0.0.5:5000" }));
  const password = dialog.getByLabelText<HTMLInputElement>("Password or token");
  expect(password.value).toBe("");
  expect(password.type).toBe("password");
  await user.type(password, "s3cret");
  await user.click(dialog.getByRole("button", { name: "Save" }));
  await waitFor(() =>
    expect(asked.find(({ method }) => method === "PUT")?.body).toEqual({
      username: "robot",
      password: "s3cret",
    }),
  );
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  await screen.findByText("Saved, but not verified. Nobody answers.");
});

test("credentials that the registry refuses are said to be, where they can be mended", async () => {
  const kept = registry({ username: "robot", has_password: true, credentials_source: "stored" });
  const detail = "Saved, but 10.0.0.5:5000 refuses robot.";
  network({
    "GET /api/registries": listing([kept]),
    "PUT /api/registries/10.0.0.5%3A5000": {
      ...kept,
      trial: { outcome: "refused", detail, code: "registry_unauthorized" },
    },
  });
  const { user } = open("/registry");
  await user.click(await screen.findByRole("button", { name: "More for 10.0.0.5:5000" }));
  await user.click(await screen.findByRole("menuitem", { name: "Change credentials" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Credentials of 10.0.0.5:5000" }));
  await user.type(dialog.getByLabelText("Password or token"), "wr0ng");
  await user.click(dialog.getByRole("button", { name: "Save" }));
  expect((await dialog.findByRole("alert")).textContent).toContain(detail);
  await user.click(dialog.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("a tag that is newer than what runs offers the deploy of the service that lags", async () => {
  const { asked } = network({
    [tagsOf]: registryListing([
      tag({
        name: "latest",
        newer_than_deployed: true,
        used_by: [
          { service: "web", by: "tag", running: false },
          { service: "shop", by: "digest", running: true },
          { service: "never-deployed", by: "tag", running: false },
        ],
      }),
    ]),
    "GET /api/services": liveListing([service({ name: "web" }), service({ name: "shop" })]),
    "POST /api/services/web/deploy": deployment({ service: "web" }),
  });
  const { user } = open("/registry/images/team/web");
  expect(await screen.findByText("newer")).toBeTruthy();
  await user.click(await screen.findByRole("button", { name: "Deploy web" }));
  expect(screen.getAllByRole("button", { name: /^Deploy/ })).toHaveLength(1);
  await waitFor(() => expect(asked.some(({ path }) => path === "/api/services/web/deploy")).toBe(true));
});

test("a tag shown in full says its layers, labels and references, and stays in the address", async () => {
  network({ [tagsOf]: registryListing([tag({ name: "1.2", labels: { maintainer: "<b>me</b>" } })]) });
  const { user, address } = open("/registry/images/team/web");
  await user.click(await screen.findByRole("button", { name: "Show details of 1.2" }));
  expect(await screen.findByText("docker pull 10.0.0.5:5000/team/web:1.2")).toBeTruthy();
  expect(screen.getByText("<b>me</b>")).toBeTruthy();
  expect(screen.getByText("1 layer")).toBeTruthy();
  expect(decodeURIComponent(address())).toContain('tag="1.2"');
});

test("deleting an image in use names its tags and users, and wants the name typed", async () => {
  const used = { service: "web", by: "digest" as const, running: true };
  const deleted = {
    registry: "10.0.0.5:5000",
    repository: "team/web",
    digest: "sha256:cd",
    tags: ["1", "latest"],
  };
  const { asked } = network({
    [tagsOf]: registryListing([
      tag({ name: "1", used_by: [used] }),
      tag({ name: "latest" }),
      tag({ name: "old", digest: `sha256:${"ee".repeat(32)}` }),
    ]),
    "DELETE /api/registry/repositories/team/web/tags/latest": {
      ...deleted,
      used_by: [used],
      next_step: "Run the registry's garbage collection.",
    },
  });
  const { user } = open("/registry/images/team/web");
  await user.click(await screen.findByRole("button", { name: "More for latest" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Delete team/web:latest?" }));
  expect(dialog.getByText("1, latest")).toBeTruthy();
  expect(dialog.getByText(/runs it now/)).toBeTruthy();
  const confirm = dialog.getByRole<HTMLButtonElement>("button", { name: "Delete 2 tags" });
  expect(confirm.disabled).toBe(true);
  await user.type(dialog.getByLabelText(/^Type team\/web:latest/), "team/web:latest");
  await user.click(confirm);
  expect(await screen.findByText("Run the registry's garbage collection.")).toBeTruthy();
  expect(asked.find(({ method }) => method === "DELETE")?.query.get("confirm")).toBe("team/web:latest");
});

test("how space is freed is still told when the last tag took the repository with it", async () => {
  const { routes } = network({
    [tagsOf]: registryListing([tag({ name: "1" })]),
    "DELETE /api/registry/repositories/team/web/tags/1": () => {
      routes[tagsOf] = new Problem(404, "repository_not_found", "There is no repository 'team/web'.");
      return {
        registry: "10.0.0.5:5000",
        repository: "team/web",
        digest: "sha256:cd",
        tags: ["1"],
        used_by: [],
        next_step: "Collect the garbage.",
      };
    },
  });
  const { user } = open("/registry/images/team/web");
  await user.click(await screen.findByRole("button", { name: "More for 1" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  await user.click(within(await screen.findByRole("alertdialog")).getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("Collect the garbage.")).toBeTruthy();
  expect(await screen.findByText("There is no repository 'team/web'.")).toBeTruthy();
  expect(screen.getByText("Collect the garbage.")).toBeTruthy();
});

test("a registry that wants credentials offers to enter them", async () => {
  network({
    "GET /api/registry/repositories": new Problem(502, "registry_unauthorized", "It wants a user."),
  });
  const { user } = open("/registry");
  expect(await screen.findByRole("heading", { name: "The registry wants credentials" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Enter credentials" }));
  expect(await screen.findByRole("dialog", { name: "Credentials of 10.0.0.5:5000" })).toBeTruthy();
});

test("a service that began to use the image meanwhile is a refusal that asks for the name", async () => {
  let confirmed: string | null = null;
  network({
    [tagsOf]: registryListing([tag({ name: "1" })]),
    "DELETE /api/registry/repositories/team/web/tags/1": ({ query }: { query: URLSearchParams }) => {
      confirmed = query.get("confirm");
      return new Problem(409, "image_in_use", "web runs it now.");
    },
  });
  const { user } = open("/registry/images/team/web");
  await user.click(await screen.findByRole("button", { name: "More for 1" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete" }));
  const dialog = within(await screen.findByRole("alertdialog"));
  await user.click(dialog.getByRole("button", { name: "Delete" }));
  expect(await dialog.findByText("web runs it now.")).toBeTruthy();
  expect(confirmed).toBeNull();
  expect(dialog.getByLabelText(/^Type team\/web:1/)).toBeTruthy();
});
