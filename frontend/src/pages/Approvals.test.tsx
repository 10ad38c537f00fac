import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { hangs, network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { approval, hello, listing, signedIn } from "@/testing/samples";
import { streams } from "@/testing/stream";

/** As the server does: `?waiting=true` are those that wait. */
function approvalsOf(...items: ReturnType<typeof approval>[]) {
  return ({ query }: { query: URLSearchParams }) =>
    listing(query.has("waiting") ? items.filter(({ state }) => state === "pending") : items);
}

const cardOf = async (title: RegExp) => {
  const card = (await screen.findByRole("heading", { level: 2, name: title })).closest("li");
  if (card === null) throw new Error("the heading stands in no card");
  return within(card);
};

test("the page waits, teaches, and tells a problem with its sentence", async () => {
  const { routes } = network({ "GET /api/approvals": hangs });
  open("/approvals");
  expect(await screen.findByRole("status", { name: "Loading approvals" })).toBeTruthy();
  routes["GET /api/approvals"] = listing([]);
  open("/approvals");
  expect(await screen.findByRole("heading", { name: "No agent asked for anything yet" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "Connect an agent" }).getAttribute("href")).toBe("/connect-agent");
  routes["GET /api/approvals"] = new Problem(403, "denied", "You may not read approvals.");
  open("/approvals");
  expect(await screen.findByText("You may not read approvals.")).toBeTruthy();
  expect(screen.getByText("You may not see this")).toBeTruthy();
});

test("an act that waits says who asks, what exactly, what it would do, and how long it waits", async () => {
  network({
    "GET /api/approvals": approvalsOf(
      approval({
        action: "service.update",
        arguments: { name: "web", definition: { image: "nginx", env: { DB_PASSWORD: "***" } } },
        effect: "new in web: a mount of the node's /etc",
        reason: "the definition reaches beyond its container",
      }),
    ),
  });
  open("/approvals");
  const card = await cardOf(/helper wants to: Change the definition of web/);
  expect(card.getByText("helper")).toBeTruthy();
  expect(card.getByText("claude-code 2.1")).toBeTruthy();
  expect(card.getByText("New in web: a mount of the node's /etc.")).toBeTruthy();
  expect(card.getByText(/You are asked because/).textContent).toContain("reaches beyond its container.");
  expect(card.getByText(/DB_PASSWORD/).textContent).toBe('image: nginx\nenv:\n  DB_PASSWORD: "***"');
  expect(card.getByText(/hides a secret/)).toBeTruthy();
  expect(card.getByText("50 min")).toBeTruthy();
});

test("approving by hand and refusing by key act on exactly that one, which keeps its place", async () => {
  const first = approval({ id: "apr_1", created_at: "2026-01-02T03:04:05Z" });
  const second = approval({
    id: "apr_2",
    action: "node.drain",
    target: "worker-1",
    created_at: "2026-01-02T03:05:05Z",
  });
  const by = { decided_by: "admin", decided_at: "2026-01-02T03:06:00Z" };
  const { routes, asked } = network({ "GET /api/approvals": approvalsOf(second, first) });
  routes["POST /api/approvals/apr_1/approve"] = () => {
    routes["GET /api/approvals"] = approvalsOf(second, { ...first, ...by, state: "approved" });
    return { ...first, ...by, state: "approved" };
  };
  routes["POST /api/approvals/apr_2/refuse"] = () => {
    const decided = { ...first, ...by, state: "used" as const };
    routes["GET /api/approvals"] = approvalsOf({ ...second, ...by, state: "refused" }, decided);
    return { ...second, ...by, state: "refused" };
  };
  const { user } = open("/approvals");
  const stop = await cardOf(/Stop web/);
  expect(screen.getByText("2 acts wait for a person")).toBeTruthy();
  await user.click(stop.getByRole("button", { name: "Approve: stop web" }));
  expect(await stop.findByText("approved")).toBeTruthy();
  expect(stop.queryByRole("button")).toBeNull();
  expect(screen.getByText("1 act waits for a person")).toBeTruthy();

  await user.keyboard("jr");
  const drain = await cardOf(/Drain worker-1/);
  expect(await drain.findByText("refused")).toBeTruthy();
  // What is above did not move, and went on: the agent did it meanwhile.
  expect(
    screen.getAllByRole("heading", { level: 2, name: /wants to/ }).map(({ textContent }) => textContent),
  ).toEqual(["helper wants to: Stop web", "helper wants to: Drain worker-1"]);
  expect(stop.getByText(", done")).toBeTruthy();
  expect(asked.filter(({ method }) => method === "POST").map(({ path }) => path)).toEqual([
    "/api/approvals/apr_1/approve",
    "/api/approvals/apr_2/refuse",
  ]);
});

test("keys do nothing while no card has the focus", async () => {
  const { asked } = network({ "GET /api/approvals": approvalsOf(approval()) });
  const { user } = open("/approvals");
  await cardOf(/Stop web/);
  await user.keyboard("ar");
  expect(asked.some(({ method }) => method === "POST")).toBe(false);
});

test("one that ran out meanwhile says so in the server's words, and cannot be decided any more", async () => {
  const one = approval();
  const { routes } = network({ "GET /api/approvals": approvalsOf(one) });
  routes["POST /api/approvals/apr_1/approve"] = () => {
    routes["GET /api/approvals"] = approvalsOf({ ...one, state: "expired", seconds_left: 0 });
    return new Problem(409, "approval_decided", "apr_1 is expired already.");
  };
  const { user } = open("/approvals");
  const card = await cardOf(/Stop web/);
  await user.click(card.getByRole("button", { name: /^Approve/ }));
  expect(await card.findByText("apr_1 is expired already.")).toBeTruthy();
  expect(await card.findByText("expired")).toBeTruthy();
  expect(card.queryByRole("button")).toBeNull();
});

test("time alone ends it: the answers go away, and the server is asked what became of it", async () => {
  const one = approval({ seconds_left: 1 });
  const { routes } = network({ "GET /api/approvals": approvalsOf(one) });
  open("/approvals");
  const card = await cardOf(/Stop web/);
  routes["GET /api/approvals"] = approvalsOf({ ...one, state: "expired", seconds_left: 0 });
  await waitFor(() => expect(card.queryByRole("button")).toBeNull());
  expect(await card.findByText("expired")).toBeTruthy();
  await waitFor(() => expect(screen.getByText("nothing waits")).toBeTruthy());
});

test("somebody else decides: an open page hears of it and names them", async () => {
  const one = approval();
  const { routes } = network({ "GET /api/approvals": approvalsOf(one) });
  const live = streams();
  open("/approvals");
  const card = await cardOf(/Stop web/);
  const stream = live.now("/api/events");
  stream.send("hello", hello());
  routes["GET /api/approvals"] = approvalsOf({ ...one, state: "refused", decided_by: "ada" });
  stream.send("approval", { id: "apr_1" });
  expect(await card.findByText("refused")).toBeTruthy();
  expect(card.getByText("by ada")).toBeTruthy();
  expect(card.queryByRole("button")).toBeNull();
});

test("a new one is told on every page: a count, and a notice until it is looked at or over", async () => {
  const { routes } = network({});
  const live = streams();
  const { user, address } = open("/nodes");
  const stream = await waitFor(() => live.now("/api/events"));
  stream.send("hello", hello());
  await screen.findByRole("heading", { level: 1, name: "Nodes" });
  routes["GET /api/approvals"] = approvalsOf(approval());
  stream.send("approval", { id: "apr_1" });
  const notices = within(screen.getByRole("region", { name: "Results" }));
  expect(await notices.findByText("helper wants to stop web")).toBeTruthy();
  expect(screen.getByTitle("1 act of an agent waits for you").textContent).toBe("1");
  await user.click(notices.getByRole("link", { name: "Look" }));
  expect(address()).toBe("/approvals");
  await cardOf(/Stop web/);
  expect(notices.queryByText("helper wants to stop web")).toBeNull();
});

test("what waited when the page was opened is counted and not announced", async () => {
  network({ "GET /api/approvals": approvalsOf(approval(), approval({ id: "apr_2" })) });
  open("/nodes");
  expect((await screen.findByTitle("2 acts of agents wait for you")).textContent).toBe("2");
  expect(screen.queryByText(/wants to stop web/)).toBeNull();
});

test("whoever may only look is told so, and is not counted at", async () => {
  network({
    "GET /api/session": { ...signedIn, permissions: ["read"] },
    "GET /api/approvals": approvalsOf(approval()),
  });
  open("/approvals");
  const card = await cardOf(/Stop web/);
  expect(screen.getByText(/You may look at what waits, but not decide/)).toBeTruthy();
  expect(card.queryByRole("button")).toBeNull();
  expect(screen.queryByTitle(/waits? for you/)).toBeNull();
});

test("what was decided is history, with what it was", async () => {
  network({
    "GET /api/approvals": approvalsOf(
      approval({ id: "apr_9", state: "used", decided_by: "ada", decided_at: "2026-01-02T03:06:00Z" }),
      approval({ id: "apr_8", state: "expired", seconds_left: 0, action: "node.drain", target: "worker-2" }),
    ),
  });
  const { user } = open("/approvals");
  const list = within(await screen.findByRole("list", { name: "Decided approvals" }));
  const [done, over] = list.getAllByRole("listitem").map((row) => within(row));
  expect(done?.getByText("stop web")).toBeTruthy();
  expect(over?.getByText("drain worker-2")).toBeTruthy();
  expect(over?.getByText("expired")).toBeTruthy();
  await user.click(done?.getByText("stop web") as HTMLElement);
  expect(done?.getByText("apr_9")).toBeTruthy();
});
