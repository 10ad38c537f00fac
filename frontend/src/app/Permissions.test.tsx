// What whoever may only look is offered on every page: the acts are there, switched off, and say what is missing.
import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network, type Routes } from "@/testing/network";
import { open } from "@/testing/open";
import {
  build,
  deployment,
  listing,
  liveListing,
  node,
  project,
  projectListing,
  registryListing,
  repository,
  service,
  serviceDetail,
  signedIn,
  signIn,
  tag,
  token,
} from "@/testing/samples";

const web = service({ name: "web", deployed_revision: 1, revision: 2, drift: true });
const detail = serviceDetail({ ...web, definition: { image: "app:1", build_context: "web" } });
const worker = node({ id: "n2", hostname: "worker-1", role: "worker", leader: false });
const cluster: Routes = {
  "GET /api/session": { ...signedIn, permissions: ["read"] },
  "GET /api/services": liveListing([web]),
  "GET /api/services/live": liveListing([web]),
  "GET /api/services/web": detail,
  "GET /api/services/web/revisions": listing([]),
  "GET /api/nodes": liveListing([worker]),
  "GET /api/nodes/n2": { ...worker, tasks: [] },
  "GET /api/registry/repositories": registryListing([repository({ name: "web" })]),
  "GET /api/registry/repositories/web/tags": registryListing([
    tag({
      name: "1",
      newer_than_deployed: true,
      used_by: [{ service: "web", by: "tag", running: false }],
    }),
  ]),
  "GET /api/projects": projectListing([project({ name: "web", services: ["web"] })]),
  "GET /api/projects/web": project({ name: "web", services: ["web"] }),
  "GET /api/builds/b1": build({ id: "b1", state: "succeeded" }),
  "GET /api/deployments": listing([deployment()]),
  "GET /api/tokens": listing([token({})]),
  "GET /api/sessions": listing([signIn({ address: "10.0.0.9", current: false })]),
};

/** By page: the acts, and the permission that each needs. */
const acts: readonly [address: string, needs: Readonly<Record<string, string>>][] = [
  ["/", { "New service": "edit" }],
  ["/services", { "New service": "edit", "Deploy web": "operate", "Scale web": "operate" }],
  ["/services/web", { Build: "build", Stop: "operate", Scale: "operate", Deploy: "operate" }],
  [
    "/services/web?tab=definition",
    { Save: "edit", "Save and deploy": "edit", "Deploy revision 2": "operate" },
  ],
  ["/nodes", { "Add node": "admin", "Drain worker-1": "operate" }],
  ["/nodes/n2", { "Drain worker-1": "operate", "Edit labels of worker-1": "operate" }],
  ["/registry", { "Add registry": "admin" }],
  ["/registry/images/web", { "Deploy web": "operate" }],
  ["/projects", { "Build web": "build" }],
  ["/projects/web", { "New service from it": "edit", Build: "build" }],
  ["/builds/b1", { "Build again": "build", Deploy: "operate" }],
  [
    "/settings",
    { "New token": "admin", "Revoke laptop": "admin", "End sign-in of admin at 10.0.0.9": "admin" },
  ],
];

test.each(acts)("on %s what may not be done is switched off and says why", async (address, needs) => {
  network(cluster);
  open(address);
  for (const [name, permission] of Object.entries(needs)) {
    const button = await screen.findByRole("button", { name });
    expect(button.hasAttribute("disabled"), name).toBe(true);
    expect(button.getAttribute("title"), name).toContain(`it needs the permission “${permission}”`);
  }
});

test.each([
  ["/registry", "More for 10.0.0.5:5000", ["Change credentials", "Forget credentials"]],
  ["/registry/images/web", "More for 1", ["Delete"]],
  ["/services", "More for web", ["Deploy", "Scale", "Restart", "Roll back", "Stop", "Delete"]],
  ["/services/web", "More", ["Restart", "Roll back", "Delete"]],
  ["/nodes", "More for worker-1", ["Pause", "Edit labels", "Promote", "Remove"]],
])("in a menu on %s it cannot be chosen", async (address, menu, names) => {
  network(cluster);
  const { user } = open(address);
  await user.click(await screen.findByRole("button", { name: menu }));
  const entries = within(await screen.findByRole("menu"));
  for (const name of names) {
    const entry = entries.getByRole("menuitem", { name: new RegExp(`^${name}`) });
    expect(entry.getAttribute("aria-disabled"), name).toBe("true");
    expect(entry.textContent, name).toContain("not allowed");
  }
});

test("what is chosen in the list can only be looked at", async () => {
  network(cluster);
  const { user } = open("/services");
  await user.click(await screen.findByRole("checkbox", { name: "Select web" }));
  const bar = within(await screen.findByRole("region", { name: "Selection" }));
  for (const name of ["Deploy", "Scale", "Restart", "Stop", "Delete the selected from the catalog"])
    expect(bar.getByRole("button", { name }).hasAttribute("disabled"), name).toBe(true);
  expect(screen.queryByRole("button", { name: "One more web" })).toBeNull();
});

test("the address of a new service says what is missing instead of a form", async () => {
  network(cluster);
  open("/new-service");
  expect(await screen.findByRole("heading", { name: "You may not write definitions" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Create and deploy" })).toBeNull();
});

test("a person who may operate but not administer keeps all but the admin's acts", async () => {
  network({
    ...cluster,
    "GET /api/session": { ...signedIn, permissions: ["read", "operate", "edit", "build"] },
  });
  open("/nodes");
  const drain = await screen.findByRole("button", { name: "Drain worker-1" });
  expect(drain.hasAttribute("disabled")).toBe(false);
  expect(screen.getByRole("button", { name: "Add node" }).hasAttribute("disabled")).toBe(true);
});
