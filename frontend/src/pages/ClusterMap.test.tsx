import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { network } from "@/testing/network";
import { open } from "@/testing/open";
import { changed, liveListing, node, service, mapTask as task } from "@/testing/samples";
import { streams } from "@/testing/stream";

const nodes = [
  node({ labels: { zone: "east" } }),
  node({ id: "n2", hostname: "worker-1", role: "worker", leader: false, labels: { zone: "west" } }),
];
const tile = (name: string) => within(screen.getByRole("region", { name: new RegExp(`^${name}:`) }));

test("each task is a link that says its state and place, and what has no node says why", async () => {
  network({
    "GET /api/nodes": liveListing(nodes),
    "GET /api/services/live": liveListing([service({ name: "web" })]),
    "GET /api/tasks": liveListing([
      task("web.1"),
      task("web.2", { node_id: "n2", state: "failed", error: "task: non-zero exit (1)" }),
      task("gpu.1", { node_id: null, state: "pending", error: "no suitable node (insufficient GPU)" }),
    ]),
  });
  const { user, address } = open("/map");
  expect(await screen.findByRole("link", { name: "web.1, running, manager-1" })).toBeTruthy();
  expect(
    tile("worker-1").getByRole("link", { name: /^web\.2, failed, worker-1: task: non-zero exit/ }),
  ).toBeTruthy();
  expect(tile("No node yet").getByText("no suitable node (insufficient GPU)")).toBeTruthy();
  await user.click(screen.getByRole("link", { name: /^web\.2/ }));
  await waitFor(() => expect(address()).toBe("/services/web?tab=tasks"));
});

test("arrow keys move between the squares, and one of them is on the way of the Tab key", async () => {
  network({
    "GET /api/nodes": liveListing(nodes),
    "GET /api/tasks": liveListing([task("web.1"), task("web.2"), task("web.3", { node_id: "n2" })]),
  });
  const { user } = open("/map");
  const first = await screen.findByRole("link", { name: /^web\.1/ });
  expect(first.tabIndex).toBe(0);
  first.focus();
  await user.keyboard("{ArrowRight}{ArrowRight}");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("web.3, running, worker-1");
  expect(document.querySelectorAll('[data-task][tabindex="0"]')).toHaveLength(1);
  await user.keyboard("{Home}");
  expect(document.activeElement).toBe(first);
});

test("it is filtered by state and grouped by a label, in the address", async () => {
  network({
    "GET /api/nodes": liveListing(nodes),
    "GET /api/tasks": liveListing([task("web.1"), task("web.2", { node_id: "n2", state: "failed" })]),
  });
  const { user, address } = open("/map");
  await user.selectOptions(await screen.findByRole("combobox", { name: "Group" }), "zone");
  expect(await screen.findByRole("heading", { name: /^zone west/ })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "failed 1" }));
  await waitFor(() => expect(screen.queryByRole("link", { name: /^web\.1/ })).toBeNull());
  expect(screen.getByText("1 task on 1 of 2 nodes")).toBeTruthy();
  expect(address()).toBe("/map?group=zone&state=failed");
});

test("of a change only the tasks of the services it names are read again", async () => {
  const stream = streams();
  let now = task("web.1", { state: "starting" });
  const { asked } = network({
    "GET /api/nodes": liveListing(nodes),
    "GET /api/tasks": () => liveListing([now]),
  });
  open("/map");
  expect(await screen.findByRole("link", { name: /^web\.1, starting/ })).toBeTruthy();
  now = task("web.1");
  stream.now("/api/events").send("changed", changed({ names: ["web"] }));
  expect(await screen.findByRole("link", { name: /^web\.1, running/ })).toBeTruthy();
  const reads = asked.filter(({ path }) => path === "/api/tasks").map(({ query }) => query.getAll("service"));
  expect(reads.at(-1)).toEqual(["web"]);
});
