import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { hangs, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { auditEntry, deployment, listing, serviceDetail, signIn, task } from "@/testing/samples";

test("activity waits, teaches, and tells a problem with its sentence", async () => {
  const { routes } = network({ "GET /api/audit": hangs });
  open("/activity");
  expect(await screen.findByRole("status", { name: "Loading activity" })).toBeTruthy();
  routes["GET /api/audit"] = listing([]);
  const { user } = open("/activity");
  expect(await screen.findByRole("heading", { name: "Nothing done yet" })).toBeTruthy();
  routes["GET /api/audit"] = new Problem(403, "denied", "Only admins read the audit.");
  await user.selectOptions(screen.getAllByLabelText("Outcome").at(-1) as HTMLElement, "denied");
  expect(await screen.findByText("Only admins read the audit.")).toBeTruthy();
});

test("activity says who did what to what, and filters by its address", async () => {
  const { asked } = network({ "GET /api/audit": listing([auditEntry()]) });
  const { user, address } = open("/activity?by=admin");
  const row = within((await screen.findByRole("link", { name: "web" })).closest("tr") as HTMLElement);
  expect(row.getByText("deployed")).toBeTruthy();
  expect(row.getByText("127.0.0.1")).toBeTruthy();
  await user.type(screen.getByLabelText("Target"), "web{Enter}");
  await waitFor(() => expect(address()).toBe("/activity?by=admin&target=web"));
  await waitFor(() =>
    expect(
      asked.some(({ path, query }) => path === "/api/audit" && `${query}`.includes("by=admin&target=web")),
    ).toBe(true),
  );
});

test("an agent is named with its program, and a call of a tool with the shape of its arguments", async () => {
  network({
    "GET /api/audit": listing([
      auditEntry({
        actor_kind: "token",
        actor: "helper",
        client: "claude-code 2.1",
        action: "mcp.scale_service",
        target: "web",
        detail: "name=web replicas=3; 41 ms",
      }),
      auditEntry({ id: 6, action: "approval.approve", target: "apr_1" }),
    ]),
  });
  open("/activity");
  const row = within((await screen.findByText("called the tool scale_service")).closest("tr") as HTMLElement);
  expect(row.getByText("claude-code 2.1")).toBeTruthy();
  expect(row.getByText("name=web replicas=3; 41 ms")).toBeTruthy();
  expect(screen.getByRole("link", { name: "apr_1" }).getAttribute("href")).toBe("/approvals");
});

test("the rollout page shows each slot, what changed, and who followed", async () => {
  const change = deployment({
    id: "d1",
    state: "rolling_out",
    sent_at: "2026-01-02T03:04:06Z",
    from_revision: 1,
    to_revision: 2,
    changes: ["TaskTemplate.ContainerSpec.Env"],
  });
  network({
    "GET /api/deployments/d1": change,
    "GET /api/deployments": listing([change]),
    "GET /api/services/web": serviceDetail({
      name: "web",
      tasks: [
        task({ id: "new-1", created_at: "2026-01-02T03:05:00Z" }),
        task({ id: "old-1", state: "shutdown", desired_state: "shutdown", up_to_date: false }),
      ],
    }),
    "GET /api/services/web/revisions": listing([]),
  });
  open("/deployments/d1");
  expect((await screen.findAllByText("1 of 1 new")).length).toBeGreaterThan(0);
  const row = within(screen.getByRole("row", { name: /Slot 1/ }));
  expect(row.getByText("new-1")).toBeTruthy();
  expect(row.getByText("old-1")).toBeTruthy();
  expect(screen.getByText("TaskTemplate.ContainerSpec.Env")).toBeTruthy();
});

test("a deployment that is not there says so", async () => {
  network({ "GET /api/deployments/x": new Problem(404, "not_found", "No deployment x.") });
  open("/deployments/x");
  expect(await screen.findByText("No deployment x.")).toBeTruthy();
});

test("the old address of tokens leads to the settings, where a sign-in is ended by name", async () => {
  const { asked } = network({
    "GET /api/tokens": listing([]),
    "GET /api/sessions": listing([signIn(), signIn({ id: "s2", address: "10.1.1.1", current: false })]),
    "DELETE /api/sessions/s2": new Response(null, { status: 204 }),
  });
  const { user, address } = open("/access");
  await waitFor(() => expect(address()).toBe("/settings"));
  await user.click(await screen.findByRole("button", { name: "End sign-in of admin at 10.1.1.1" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Sign out admin at 10.1.1.1?" }));
  await user.click(dialog.getByRole("button", { name: "End sign-in" }));
  await waitFor(() => expect(asked.some(({ method }) => method === "DELETE")).toBe(true));
});

test("deployments can be filtered by state in the address", async () => {
  const { asked } = network({ "GET /api/deployments": listing([]) });
  open("/deployments?state=trouble");
  expect(await screen.findByRole("heading", { name: "Nothing matches" })).toBeTruthy();
  // The header asks for what is under way, too.
  const states = asked
    .filter(({ path }) => path === "/api/deployments")
    .map(({ query }) => query.getAll("state"));
  expect(states).toContainEqual(["failed", "stuck", "rolled_back", "unknown"]);
});
