import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Revision } from "@/api/types";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, happening, listing, liveListing, service, serviceDetail } from "@/testing/samples";
import { streams } from "@/testing/stream";

const revision = (change: Partial<Revision>): Revision => ({
  revision: 1,
  author: "admin",
  source: "api",
  created_at: "2026-01-02T03:04:05Z",
  note: null,
  deleted: false,
  deployed: true,
  live: false,
  digest: null,
  ...change,
});
const history = {
  "GET /api/services/web": serviceDetail({ name: "web", revision: 3, deployed_revision: 3 }),
  "GET /api/services/web/revisions": listing([
    revision({ revision: 3, live: true }),
    revision({ revision: 2, deployed: false }),
    revision({ revision: 1 }),
  ]),
  "GET /api/services/web/revisions/1": { revision: 1, text: "image: app:0\n" },
};

test("restart asks first, and follows what it started", async () => {
  const { asked } = network({
    ...history,
    "POST /api/services/web/restart": deployment({ id: "d1", kind: "restart" }),
    "GET /api/deployments/d1": deployment({ id: "d1", kind: "restart", state: "succeeded" }),
  });
  const { user } = open("/services/web");
  await user.click(await screen.findByRole("button", { name: "More" }));
  await user.click(await screen.findByRole("menuitem", { name: "Restart" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Restart web?" }));
  expect(asked.some(({ method }) => method === "POST")).toBe(false);
  await user.click(dialog.getByRole("button", { name: "Restart" }));
  const results = within(await screen.findByRole("region", { name: "Results" }));
  expect(await results.findByText("succeeded")).toBeTruthy();
});

test("roll back goes to what was deployed before, and says why it cannot", async () => {
  const { asked } = network({
    "GET /api/services": liveListing([service({ name: "web" })]),
    "POST /api/services/web/rollback": new Problem(
      409,
      "no_earlier_revision",
      "web ran nothing else before.",
    ),
  });
  const { user } = open("/services");
  await user.click(await screen.findByRole("button", { name: "More for web" }));
  await user.click(await screen.findByRole("menuitem", { name: "Roll back" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Roll back web?" }));
  await user.click(dialog.getByRole("button", { name: "Roll back" }));
  expect(await dialog.findByText("web ran nothing else before.")).toBeTruthy();
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({ to_revision: null });
});

test("a revision is read, and rolled back to, where it was once deployed", async () => {
  const { asked } = network({
    ...history,
    "POST /api/services/web/rollback": deployment({ id: "d2", kind: "rollback", restores_revision: 1 }),
    "GET /api/deployments/d2": deployment({ id: "d2", kind: "rollback", restores_revision: 1 }),
  });
  const { user } = open("/services/web?tab=definition");
  const revisions = within(await screen.findByRole("region", { name: "Revisions" }));
  await user.click(await revisions.findByRole("button", { name: "View revision 1" }));
  expect(await revisions.findByText("image: app:0")).toBeTruthy();
  expect(revisions.getByText("runs now")).toBeTruthy();
  const back = revisions.getAllByRole("button", { name: "Roll back to this one" });
  expect(back).toHaveLength(1);
  await user.click(back[0] as HTMLElement);
  const dialog = within(await screen.findByRole("alertdialog", { name: "Roll back web?" }));
  await user.click(dialog.getByRole("button", { name: "Roll back" }));
  await waitFor(() =>
    expect(asked.find(({ path }) => path.endsWith("/rollback"))?.body).toEqual({ to_revision: 1 }),
  );
});

test("a failed deployment shows its phases and what its tasks left behind", async () => {
  const failed = deployment({
    state: "failed",
    cause: "Every task ended.",
    phases: [
      { phase: "accepted", at: "2026-01-02T03:04:05Z" },
      { phase: "sent", at: "2026-01-02T03:04:05.200Z" },
      { phase: "verdict", at: "2026-01-02T03:04:17Z" },
    ],
    evidence: [
      {
        task: "web.1",
        node: "worker-1",
        state: "failed",
        exit_code: 137,
        meaning: "killed, out of memory or by hand",
        error: "task: non-zero exit (137)",
        at: "2026-01-02T03:04:16Z",
        log: ["loading model", "cannot allocate"],
      },
    ],
  });
  network({ ...history, "GET /api/deployments": listing([failed]) });
  open("/services/web?tab=deployments");
  const phases = await screen.findByRole("list", { name: "Phases" });
  expect(phases.textContent).toBe("taken by the engine 0.2 s→ failed 12 s");
  const evidence = within(screen.getByRole("list", { name: "Evidence" }));
  expect(evidence.getByText("exit code 137: killed, out of memory or by hand")).toBeTruthy();
  expect(evidence.getByText("on worker-1")).toBeTruthy();
  expect(evidence.getByText(/cannot allocate/)).toBeTruthy();
});

test("the timeline grows by itself, only with what belongs to it, and never twice", async () => {
  const events = streams();
  network({ ...history, "GET /api/timeline": listing([happening({ id: 7 })]) });
  open("/services/web?tab=timeline");
  const list = await screen.findByRole("list", { name: "What happened to web" });
  const items = [
    happening({ id: 7 }),
    happening({ id: 8, severity: "bad", text: "task web.1: running → failed, exit 137" }),
    happening({ id: 9, service: "api", text: "task api.1: starting → running" }),
  ];
  events.now("/api/events").send("timeline", { items });
  expect(await within(list).findByText(/exit 137/)).toBeTruthy();
  expect(within(list).getAllByRole("listitem")).toHaveLength(2);
  expect(within(list).queryByText(/api\.1/)).toBeNull();
});
