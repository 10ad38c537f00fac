import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { liveListing, node } from "@/testing/samples";

test("draining says first what moves and what does not, and only then drains", async () => {
  const worker = node({ id: "n2", hostname: "worker-1", role: "worker", leader: false, tasks_running: 3 });
  const { asked } = network({
    "GET /api/nodes": liveListing([worker]),
    "GET /api/nodes/n2/drain-preview": {
      node: "worker-1",
      services: [
        { service: "web", tasks: 2, moves: true, note: null },
        { service: "agent", tasks: 1, moves: false, note: "global: it comes back when the node is active" },
      ],
    },
    "POST /api/nodes/n2/drain": { node: { ...worker, availability: "drain" }, moving: [] },
  });
  const { user } = open("/nodes");
  const card = within(await screen.findByRole("article", { name: "worker-1" }));
  expect(card.getByText("1 of 4 cores reserved, 3 free")).toBeTruthy();
  await user.click(card.getByRole("button", { name: "Drain worker-1" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Drain worker-1?" }));
  expect(await dialog.findByText("2 tasks")).toBeTruthy();
  expect(dialog.getByRole("heading", { name: "Ends here and starts nowhere else" })).toBeTruthy();
  expect(asked.some((request) => request.method === "POST")).toBe(false);
  await user.click(dialog.getByRole("button", { name: "Drain" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  expect(asked.filter((request) => request.method === "POST").map((request) => request.path)).toEqual([
    "/api/nodes/n2/drain",
  ]);
});

test("a node that is down says so, and that its tasks are hearsay", async () => {
  network({
    "GET /api/nodes": liveListing([
      node({ state: "down", state_message: "heartbeat failure", tasks_running: 2 }),
    ]),
  });
  open("/nodes");
  const card = within(await screen.findByRole("article", { name: "manager-1" }));
  expect(card.getByText("down")).toBeTruthy();
  expect(card.getByText("Heartbeat failure.")).toBeTruthy();
  expect(card.getByText(/2 tasks, last reported/)).toBeTruthy();
});

test("without a swarm the page says how to make one", async () => {
  network({ "GET /api/nodes": liveListing([]) });
  open("/nodes");
  expect(await screen.findByText("docker swarm init")).toBeTruthy();
});

test("a problem shows its sentence", async () => {
  network({ "GET /api/nodes": new Problem(503, "not_a_manager", "Node worker-1 is no manager.") });
  open("/nodes");
  expect(await screen.findByRole("heading", { name: "This engine is not a swarm manager" })).toBeTruthy();
});
