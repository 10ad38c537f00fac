import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { liveListing, node } from "@/testing/samples";

const worker = node({ id: "n2", hostname: "worker-1", role: "worker", leader: false, reachability: null });
const rowOf = async (name: string) =>
  within(
    (await screen.findByRole("rowheader", { name: new RegExp(`^${name}`) })).closest("tr") as HTMLElement,
  );
const dialog = async (name: string) => within(await screen.findByRole("alertdialog", { name }));
const posts = (asked: readonly { method: string; path: string }[]) =>
  asked.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);

test("draining says first what moves and what does not, and only then drains", async () => {
  const { asked } = network({
    "GET /api/nodes": liveListing([node({}), worker]),
    "GET /api/nodes/n2/drain-preview": {
      node: "worker-1",
      services: [
        { service: "web", tasks: 2, moves: true, note: null },
        { service: "agent", tasks: 1, moves: false, note: "It runs once on every eligible node." },
      ],
    },
    "POST /api/nodes/n2/drain": { node: { ...worker, availability: "drain" }, moving: [] },
  });
  const { user } = open("/nodes");
  const row = await rowOf("worker-1");
  expect(row.getByText("3 of 4 cores")).toBeTruthy();
  await user.click(row.getByRole("button", { name: "Drain worker-1" }));
  const asks = await dialog("Drain worker-1?");
  expect(await asks.findByText("2 tasks")).toBeTruthy();
  expect(asks.getByRole("heading", { name: "Ends here and starts nowhere else" })).toBeTruthy();
  expect(posts(asked)).toEqual([]);
  await user.click(asks.getByRole("button", { name: "Drain" }));
  await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  expect(posts(asked)).toEqual(["POST /api/nodes/n2/drain"]);
});

test("the only manager cannot be demoted nor removed, and the menu says why", async () => {
  network({ "GET /api/nodes": liveListing([node({}), worker]) });
  const { user } = open("/nodes");
  await user.click((await rowOf("manager-1")).getByRole("button", { name: "More for manager-1" }));
  const demote = await screen.findByRole("menuitem", { name: /^Demote/ });
  expect(demote.getAttribute("aria-disabled")).toBe("true");
  expect(demote.textContent).toContain("the only manager");
  expect(screen.getByRole("menuitem", { name: /^Remove/ }).textContent).toContain("demote it first");
});

test("a node that is up is removed only when force was chosen", async () => {
  const { asked } = network({
    "GET /api/nodes": liveListing([node({}), worker]),
    "GET /api/nodes/n2/drain-preview": { node: "worker-1", services: [] },
    "DELETE /api/nodes/n2": null,
  });
  const { user } = open("/nodes");
  await user.click((await rowOf("worker-1")).getByRole("button", { name: "More for worker-1" }));
  await user.click(await screen.findByRole("menuitem", { name: "Remove" }));
  const asks = await dialog("Remove worker-1?");
  const remove = asks.getByRole<HTMLButtonElement>("button", { name: "Remove" });
  expect(remove.disabled).toBe(true);
  await user.click(asks.getByRole("checkbox", { name: "Remove it although it is up" }));
  await user.click(remove);
  await waitFor(() => expect(posts(asked)).toEqual(["DELETE /api/nodes/n2"]));
  expect(asked.find(({ method }) => method === "DELETE")?.query.get("force")).toBe("true");
});

test("a node that is down says so, and that its tasks are hearsay", async () => {
  network({
    "GET /api/nodes": liveListing([
      node({ state: "down", state_message: "heartbeat failure", tasks_running: 2 }),
    ]),
  });
  open("/nodes");
  const row = await rowOf("manager-1");
  expect(row.getByText("down")).toBeTruthy();
  expect(row.getByText("Heartbeat failure.")).toBeTruthy();
  expect(row.getByText(/, last reported/)).toBeTruthy();
});

test("an engine that differs from the others is marked", async () => {
  const others = [1, 2].map((number) => node({ id: `m${number}`, hostname: `m${number}` }));
  network({ "GET /api/nodes": liveListing([...others, { ...worker, engine_version: "24.0.7" }]) });
  open("/nodes");
  expect((await rowOf("worker-1")).getByText(/another engine than most/)).toBeTruthy();
  expect((await rowOf("m1")).queryByText(/another engine than most/)).toBeNull();
});

test("filter and order are in the address", async () => {
  network({
    "GET /api/nodes": liveListing([node({}), worker, { ...worker, id: "n3", hostname: "worker-2" }]),
  });
  const { user, address } = open("/nodes?show=workers");
  await rowOf("worker-1");
  expect(screen.queryByRole("rowheader", { name: /^manager-1/ })).toBeNull();
  await user.type(screen.getByRole("searchbox", { name: "Filter nodes" }), "worker-2");
  await waitFor(() => expect(screen.getAllByRole("rowheader")).toHaveLength(1));
  await user.click(screen.getByRole("button", { name: "Tasks" }));
  await waitFor(() => expect(address()).toBe("/nodes?show=workers&q=worker-2&sort=tasks"));
});

test("labels are replaced as a whole, and what moves is named before", async () => {
  const { asked } = network({
    "GET /api/nodes": liveListing([
      node({ labels: { rack: "1" } }),
      { ...worker, labels: { zone: "a", disk: "ssd" } },
    ]),
    "POST /api/nodes/n2/labels-preview": {
      node: "worker-1",
      services: [{ service: "web", tasks: 1, moves: true, note: null }],
    },
    "PUT /api/nodes/n2/labels": { node: worker, moving: [] },
  });
  const { user } = open("/nodes");
  await user.click((await rowOf("worker-1")).getByRole("button", { name: "More for worker-1" }));
  await user.click(await screen.findByRole("menuitem", { name: "Edit labels" }));
  const edit = within(await screen.findByRole("dialog", { name: "Labels of worker-1" }));
  await user.click(edit.getByRole("button", { name: "Remove label 1" }));
  expect(await edit.findByText("web")).toBeTruthy();
  await user.click(edit.getByRole("button", { name: "Save labels" }));
  await waitFor(() => expect(posts(asked)).toContain("PUT /api/nodes/n2/labels"));
  expect(asked.find(({ method }) => method === "PUT")?.body).toEqual({ labels: { disk: "ssd" } });
});

test("the join command is asked for only when it is wanted, and shown only when it is", async () => {
  const { asked } = network({
    "POST /api/swarm/join-command": {
      role: "worker",
      command: "docker swarm join --token SWMTKN-1-secret 10.0.0.5:2377",
    },
  });
  const { user } = open("/nodes");
  await user.click(await screen.findByRole("button", { name: "Add node" }));
  const join = within(await screen.findByRole("dialog", { name: "Add a node" }));
  expect(join.getByText("4789/udp")).toBeTruthy();
  expect(posts(asked)).toEqual([]);
  await user.click(join.getByRole("button", { name: "Show" }));
  expect(await join.findByText(/SWMTKN-1-secret/)).toBeTruthy();
  await user.click(join.getByRole("button", { name: "Hide" }));
  expect(join.queryByText(/SWMTKN-1-secret/)).toBeNull();
  await user.click(join.getByRole("button", { name: "New token" }));
  await user.click(await join.findByRole("button", { name: "Make a new token" }));
  expect(await join.findByText(/earlier commands for workers no longer work/)).toBeTruthy();
  expect(asked.filter(({ method }) => method === "POST").map(({ body }) => body)).toEqual([
    { role: "worker", rotate: false },
    { role: "worker", rotate: true },
  ]);
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
