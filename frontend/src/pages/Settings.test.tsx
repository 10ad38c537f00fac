import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network } from "@/testing/network";
import { open } from "@/testing/open";
import { backup, health, listing, token } from "@/testing/samples";

const laptop = token();

test("a new token is shown once, and gone when the dialog closes", async () => {
  const { asked } = network({
    "GET /api/tokens": listing([]),
    "POST /api/tokens": { ...laptop, token: "swo_secret" },
  });
  const { user } = open("/settings");
  await user.click(await screen.findByRole("button", { name: "New token" }));
  await user.type(await screen.findByLabelText("Name"), "laptop");
  await user.selectOptions(screen.getByLabelText("Expires"), "never");
  await user.click(screen.getByRole("button", { name: "Create token" }));
  expect(await screen.findByText("swo_secret")).toBeTruthy();
  expect(asked.find((request) => request.method === "POST")?.body).toEqual({
    name: "laptop",
    scope: "operate",
    confirm: false,
    expires_in_days: null,
  });
  await user.click(screen.getByRole("button", { name: "I have copied it" }));
  await waitFor(() => expect(screen.queryByText("swo_secret")).toBeNull());
});

test("revoking asks first and names the token", async () => {
  const { asked } = network({
    "GET /api/tokens": listing([laptop]),
    "DELETE /api/tokens/t1": new Response(null, { status: 204 }),
  });
  const { user } = open("/settings");
  await user.click(await screen.findByRole("button", { name: "Revoke laptop" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Revoke laptop?" }));
  await user.click(dialog.getByRole("button", { name: "Revoke" }));
  await waitFor(() => expect(asked.some((request) => request.method === "DELETE")).toBe(true));
});

test("each token says what it may do, whether it asks, who made it and when it was used", async () => {
  network({
    "GET /api/tokens": listing([
      token({ name: "claude", scope: "read", confirm: true, created_by: "ada" }),
      token({ id: "t2", name: "ci", scope: "admin", last_used_at: "2026-01-02T03:04:05Z" }),
    ]),
  });
  open("/settings");
  const claude = within(await screen.findByRole("row", { name: /^claude/ }));
  expect(claude.getByText("read")).toBeTruthy();
  expect(claude.getByText("asks first")).toBeTruthy();
  expect(claude.getByText("by ada")).toBeTruthy();
  expect(claude.getAllByText("never").length).toBeGreaterThan(0);
  const ci = within(screen.getByRole("row", { name: /^ci/ }));
  expect(ci.queryByText("asks first")).toBeNull();
  expect(ci.getByText("admin")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Connect an agent" }).getAttribute("href")).toBe("/connect-agent");
});

test("a backup is made with one click and listed with why it was made", async () => {
  const made = backup({ name: "orchestrator-20260102T030405Z-manual.zip" });
  let there = [backup({ name: "orchestrator-20260101T030405Z-scheduled.zip", reason: "scheduled" })];
  const { asked } = network({
    "GET /api/backups": () => listing(there),
    "POST /api/backups": () => {
      there = [made, ...there];
      return made;
    },
  });
  const { user } = open("/settings");
  expect(await screen.findByText("by itself")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Back up now" }));
  const link = await screen.findByRole("link", { name: `Download ${made.name}` });
  expect(link.getAttribute("href")).toBe(`/api/backups/${made.name}`);
  expect(screen.getByText("by hand")).toBeTruthy();
  expect(asked.filter((request) => request.method === "POST")).toHaveLength(1);
});

test("deleting a backup asks first", async () => {
  const one = backup({});
  const { asked } = network({
    "GET /api/backups": listing([one]),
    [`DELETE /api/backups/${one.name}`]: new Response(null, { status: 204 }),
  });
  const { user } = open("/settings");
  await user.click(await screen.findByRole("button", { name: `Delete ${one.name}` }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Delete this backup?" }));
  expect(asked.some((request) => request.method === "DELETE")).toBe(false);
  await user.click(dialog.getByRole("button", { name: "Delete" }));
  await waitFor(() => expect(asked.some((request) => request.method === "DELETE")).toBe(true));
});

test("what is not in the swarm's copy yet is said, and why", async () => {
  network({
    "GET /api/health/detailed": health({
      state: {
        last_backup_at: null,
        backup_problem: "the disk is full",
        replication: {
          enabled: true,
          sequence: 12,
          copied_at: "2026-01-02T03:04:05Z",
          bytes: 9_087,
          unreplicated_revisions: 3,
          problem: "the engine does not answer",
        },
      },
    }),
  });
  open("/settings");
  expect(await screen.findByText(/Copy 12 in the swarm/)).toBeTruthy();
  expect(screen.getByText(/3 revisions not in it yet/)).toBeTruthy();
  expect(screen.getByText(/the engine does not answer/)).toBeTruthy();
  expect(screen.getByText(/the disk is full/)).toBeTruthy();
});
