import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { setOverlay } from "@/lib/overlays";
import { network, type Routes } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, liveListing, node, service, serviceDetail, signedIn } from "@/testing/samples";

afterEach(() => {
  setOverlay(null);
  localStorage.clear();
});

const cluster: Routes = {
  "GET /api/services": liveListing([
    service({ name: "web", desired: 2, running: 2, stack: "shop" }),
    service({ name: "worker" }),
    service({ name: "stopped", live: false, status: "stopped" }),
  ]),
  "GET /api/services/live": liveListing([service({ name: "web", desired: 2, running: 2, stack: "shop" })]),
  "GET /api/services/web": serviceDetail({ name: "web" }),
  "GET /api/nodes": liveListing([node({}), node({ id: "n2", hostname: "worker-1", role: "worker" })]),
  "GET /api/tasks": {
    items: [{ id: "t1", name: "web.1", service: "web", state: "running", node_id: "n1", stopping: false }],
    total: 1,
  },
};

async function palette(routes: Routes = {}, address = "/nodes") {
  const { asked } = network({ ...cluster, ...routes });
  const view = open(address);
  await screen.findByRole("button", { name: "Find or do" });
  fireEvent.keyDown(document.body, { key: "k", ctrlKey: true });
  const box = await screen.findByRole("combobox", { name: "Find or do" });
  const options = () => screen.queryAllByRole("option").map(({ textContent }) => textContent);
  return { ...view, asked, box, options };
}

test("Ctrl-K finds a service, and Enter goes there", async () => {
  const { user, box, address } = await palette();
  await user.type(box, "web");
  await waitFor(() => expect(screen.queryAllByRole("option")[0]?.textContent).toMatch(/^web.*service$/));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(address()).toBe("/services/web"));
  expect(screen.queryByRole("combobox", { name: "Find or do" })).toBeNull();
});

test("nodes, tasks, stacks and pages are found as well", async () => {
  const { user, box, options } = await palette();
  await user.type(box, "shop");
  await waitFor(() => expect(options()[0]).toMatch(/^shop.*stack$/));
  await user.clear(box);
  await user.type(box, "web.1");
  await waitFor(() => expect(options()[0]).toMatch(/^web\.1running on manager-1task$/));
  await user.clear(box);
  await user.type(box, "manager-1");
  await waitFor(() => expect(options()[0]).toMatch(/^manager-1manager, ready.*node$/));
  await user.clear(box);
  await user.type(box, "registry");
  await waitFor(() => expect(options()[0]).toMatch(/^Registry/));
});

test("an act is said with what it is about, and asks in its own dialog", async () => {
  const { user, box, options, asked } = await palette({
    "POST /api/services/web/scale": deployment({ kind: "scale", replicas: 5 }),
    "GET /api/deployments/d1": deployment({ kind: "scale", replicas: 5 }),
  });
  await user.type(box, "scale web");
  await waitFor(() => expect(options()[0]).toMatch(/^Scale webasks how many/));
  await user.keyboard("{Enter}");
  const dialog = within(await screen.findByRole("dialog", { name: "Scale web" }));
  const number = dialog.getByLabelText("Replicas");
  await user.clear(number);
  await user.type(number, "5{Enter}");
  await waitFor(() =>
    expect(asked.find(({ path }) => path === "/api/services/web/scale")?.body).toEqual({ replicas: 5 }),
  );
});

test("an act on a node, in the other order of words, opens the node's dialog", async () => {
  const { user, box, options } = await palette();
  await user.type(box, "worker-1 drain");
  await waitFor(() => expect(options()[0]).toMatch(/^Drain worker-1/));
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("alertdialog", { name: "Drain worker-1?" })).toBeTruthy();
});

test("a deploy goes out at once", async () => {
  const { user, box, options, asked } = await palette({
    "POST /api/services/web/deploy": deployment(),
    "GET /api/deployments/d1": deployment(),
  });
  await user.type(box, "deploy web");
  await waitFor(() => expect(options()[0]).toMatch(/^Deploy web/));
  await user.keyboard("{Enter}");
  await waitFor(() => expect(asked.some(({ path }) => path === "/api/services/web/deploy")).toBe(true));
  expect(asked.filter(({ path }) => path === "/api/services/web/deploy")).toHaveLength(1);
});

test("without a word it offers the acts of what is open, where one was lately, and the pages", async () => {
  const { user, box, options, address } = await palette({}, "/services/web");
  await waitFor(() => expect(options()[0]).toMatch(/^Logs of web/));
  expect(options().some((text) => text?.startsWith("Restart web"))).toBe(true);
  await user.type(box, "worker-1{Enter}");
  await waitFor(() => expect(address()).toBe("/nodes/n2"));
  fireEvent.keyDown(document.body, { key: "k", metaKey: true });
  const lately = await screen.findByRole("group", { name: "Lately" });
  expect(within(lately).getByRole("option").textContent).toMatch(/^worker-1/);
});

test("what is not possible or not allowed is shown with the reason, and cannot be chosen", async () => {
  const { user, box } = await palette({
    "GET /api/session": { ...signedIn, permissions: ["read", "edit"] },
  });
  await user.type(box, "restart web");
  const option = await screen.findByRole("option", { name: /^Restart web/ });
  expect(option.textContent).toContain("it needs the permission “operate”");
  expect(option.getAttribute("aria-disabled")).toBe("true");
});

test("what is not there is said", async () => {
  const { user, box } = await palette();
  await user.type(box, "qqqq");
  expect(await screen.findByText("Nothing is called “qqqq”.")).toBeTruthy();
});

test("the theme is changed from here", async () => {
  const { user, box } = await palette();
  await user.type(box, "theme dark{Enter}");
  await waitFor(() => expect(document.documentElement.dataset["theme"]).toBe("dark"));
  delete document.documentElement.dataset["theme"];
});

test("? lists the keys of the page, and g then a letter goes to another one", async () => {
  network(cluster);
  const { user, address } = open("/services");
  await screen.findByRole("heading", { level: 1, name: "Services" });
  await user.keyboard("?");
  const keys = within(await screen.findByRole("dialog", { name: "Keys" }));
  expect(await keys.findByText("Filter")).toBeTruthy();
  expect(keys.getByText("Choose the row; with Shift all up to it")).toBeTruthy();
  expect(keys.getByText("Find anything, or do something")).toBeTruthy();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Keys" })).toBeNull());
  await user.keyboard("gn");
  await waitFor(() => expect(address()).toBe("/nodes"));
});
