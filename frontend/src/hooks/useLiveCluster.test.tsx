import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { liveState } from "@/lib/liveState";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import {
  attention,
  changed,
  deployment,
  health,
  hello,
  listing,
  liveListing,
  node,
  service,
  signedIn,
} from "@/testing/samples";
import { streams } from "@/testing/stream";

afterEach(() => vi.useRealTimers());

const web = service({ name: "web", desired: 3, running: 3 });
const lists = { "GET /api/services": liveListing([web]), "GET /api/services/live": liveListing([web]) };

/** A page whose stream has said hello. */
async function live(address: string) {
  const events = streams();
  const page = open(address);
  await waitFor(() => events.now("/api/events"));
  const stream = events.now("/api/events");
  stream.accept();
  stream.send("hello", hello());
  await waitFor(() => expect(liveState.get()).toBe("live"));
  return { ...page, stream, events };
}

const settled = (asked: unknown[]) =>
  vi.waitUntil(
    async () => {
      const before = asked.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return asked.length === before;
    },
    { timeout: 8_000 },
  );

test("a change appears without anything being asked again", async () => {
  const { asked } = network(lists);
  const { stream } = await live("/services");
  await screen.findByText("3 / 3");
  await settled(asked);
  const before = asked.filter(({ path }) => path.startsWith("/api/services")).length;
  stream.send(
    "changed",
    changed({ services: [{ ...web, running: 2, status: "degraded" }, service({ name: "api" })] }),
  );
  expect(await screen.findByText("2 / 3")).toBeTruthy();
  expect(screen.getByRole("link", { name: "api" })).toBeTruthy();
  stream.send("changed", changed({ removed: ["api"] }));
  await waitFor(() => expect(screen.queryByRole("link", { name: "api" })).toBeNull());
  await settled(asked);
  expect(asked.filter(({ path }) => path.startsWith("/api/services"))).toHaveLength(before);
});

test("a service that only the swarm knows stays out of the catalog's half", async () => {
  network(lists);
  const { stream } = await live("/services");
  await screen.findByText("3 / 3");
  stream.send("changed", changed({ services: [service({ name: "redis", in_catalog: false })] }));
  expect(await screen.findByText("1 in the catalog, 2 in the swarm, 1 not ours")).toBeTruthy();
});

test("a definition that is written tells the projects who uses them; a task that moves does not", async () => {
  const { asked } = network(lists);
  const { stream } = await live("/projects");
  await screen.findByRole("heading", { level: 1, name: "Projects" });
  stream.send("changed", changed({ services: [web] }));
  await settled(asked);
  const count = () => asked.filter(({ path }) => path === "/api/projects").length;
  const before = count();
  stream.send("changed", changed({ services: [{ ...web, running: 2, status: "degraded" }] }));
  await settled(asked);
  expect(count()).toBe(before);
  stream.send("changed", changed({ services: [service({ name: "fresh", revision: 1 })] }));
  await waitFor(() => expect(count()).toBe(before + 1), { timeout: 5_000 });
});

test("an open service is read again when its name comes, and not for another's", async () => {
  const one = { definition: null, yaml: "image: app:1\n", tasks: [] };
  const { asked, routes } = network({ ...lists, "GET /api/services/web": { ...web, ...one } });
  const { stream } = await live("/services/web");
  await screen.findByRole("heading", { level: 1, name: "web" });
  await settled(asked);
  const count = () => asked.filter(({ path }) => path === "/api/services/web").length;
  const before = count();
  stream.send("changed", changed({ services: [service({ name: "api" })] }));
  await settled(asked);
  expect(count()).toBe(before);
  routes["GET /api/services/web"] = { ...web, ...one, status: "failed", message: "It fell over." };
  stream.send("changed", changed({ services: [web] }));
  expect(await screen.findByText("It fell over.")).toBeTruthy();
});

test("names without services, and a resync, make the lists be read again", async () => {
  const { routes } = network(lists);
  const { stream } = await live("/services");
  await screen.findByText("3 / 3");
  routes["GET /api/services"] = liveListing([{ ...web, running: 1 }]);
  stream.send("changed", changed({ names: ["web", "…"] }));
  expect(await screen.findByText("1 / 3")).toBeTruthy();
  routes["GET /api/services"] = liveListing([{ ...web, running: 0 }]);
  stream.send("resync", {});
  expect(await screen.findByText("0 / 3")).toBeTruthy();
});

test("an event that overtakes an answer is not lost", async () => {
  let answer: (list: unknown) => void = () => {};
  const { routes, asked } = network(lists);
  const { stream } = await live("/services");
  await screen.findByText("3 / 3");
  await settled(asked);
  routes["GET /api/services"] = () => new Promise((resolve) => (answer = resolve));
  const before = asked.length;
  stream.send("resync", {});
  await waitFor(() => expect(asked.length).toBeGreaterThan(before));
  stream.send("changed", changed({ services: [{ ...web, running: 1 }] }));
  answer(liveListing([web]));
  await settled(asked);
  expect(screen.getByText("1 / 3")).toBeTruthy();
});

test("a deployment tells its verdict by the stream", async () => {
  const { asked } = network({
    ...lists,
    "POST /api/services/web/deploy": deployment({ id: "d7" }),
    "GET /api/deployments/d7": deployment({ id: "d7", state: "rolling_out" }),
  });
  const { stream, user } = await live("/services");
  await user.click(await screen.findByRole("button", { name: "Deploy web" }));
  const results = within(await screen.findByRole("region", { name: "Results" }));
  await results.findByText("accepted");
  stream.send("deployment", deployment({ id: "d7", state: "rolling_out" }));
  await results.findByText("rolling out");
  const asks = () => asked.filter(({ path }) => path === "/api/deployments/d7").length;
  const before = asks();
  stream.send("deployment", deployment({ id: "d7", state: "failed", cause: "No such image." }));
  expect(await results.findByText("No such image.")).toBeTruthy();
  expect(asks()).toBe(before);
});

test("a recorded change joins the list it belongs to", async () => {
  network({
    ...lists,
    "GET /api/deployments": listing([deployment({ id: "d1", kind: "stop", service: "api" })]),
  });
  const { stream } = await live("/");
  await screen.findByText("stop");
  stream.send("deployment", deployment({ id: "d2", kind: "scale", replicas: 5 }));
  expect(await screen.findByText("scale to 5")).toBeTruthy();
});

test("a change that swarm rolled back needs attention as soon as its verdict is there", async () => {
  const { routes } = network({ ...lists, "GET /api/health/detailed": health() });
  const { stream } = await live("/");
  await screen.findByText("Everything runs as wanted.");
  routes["GET /api/health/detailed"] = health({
    attention: [
      attention({
        status: "running",
        reason: "rolled_back",
        cause: "Swarm rolled its newest change back: No such image.",
        deployment: "d9",
      }),
    ],
  });
  stream.send("deployment", deployment({ id: "d9", state: "rolled_back" }));
  expect(await screen.findByText("Swarm rolled its newest change back: No such image.")).toBeTruthy();
  const card = within(screen.getByRole("region", { name: "Needs attention" }));
  expect(card.getByRole("link", { name: "Last change of web" }).getAttribute("href")).toBe("/deployments/d9");
  expect(card.getByRole("link", { name: "Mend web" }).getAttribute("href")).toContain("tab=definition");
});

test("a node's change is on the nodes' page at once", async () => {
  network({});
  const { stream } = await live("/nodes");
  const header = await screen.findByRole("rowheader", { name: /^manager-1/ });
  const row = within(header.closest("tr") as HTMLElement);
  await row.findByText("ready");
  stream.send("changed", changed({ nodes: [node({ state: "down" })] }));
  expect(await row.findByText("down")).toBeTruthy();
});

test("an engine that is lost is in the banner at once", async () => {
  const { routes } = network({});
  const { stream } = await live("/registry");
  await screen.findByText(/^live, /);
  const lost = { connected: false, code: "docker_frozen", detail: "The engine hangs.", as_of: null };
  routes["GET /api/health/detailed"] = health({ engine: { ...health().engine, ...lost } });
  stream.send("engine", lost);
  expect(await screen.findByText(/The engine hangs\./)).toBeTruthy();
  stream.send("engine", { connected: true, code: null, detail: null, as_of: null });
  await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
});

test("what an event patches does not make the picture younger", async () => {
  const { routes } = network({});
  const { stream } = await live("/registry");
  await screen.findByText(/^live, /);
  routes["GET /api/health/detailed"] = () => new Promise(() => {});
  stream.send("seen", { as_of: "2026-01-02T03:04:05Z", stale_seconds: 30 });
  expect(await screen.findByText("live, 30 s ago")).toBeTruthy();
  stream.send("engine", { connected: false, code: "docker_frozen", detail: "It hangs.", as_of: null });
  expect(await screen.findByText(/^This is the last picture, 3\d s old\./)).toBeTruthy();
});

test("without a stream the page asks again by itself, and stops when it is back", async () => {
  const { asked, routes } = network(lists);
  const { stream, events } = await live("/services");
  await screen.findByText("3 / 3");
  stream.refuse();
  expect(await screen.findByText(/^looked, /)).toBeTruthy();
  routes["GET /api/services"] = liveListing([{ ...web, running: 1 }]);
  // Back-off: another stream is tried after a second.
  await waitFor(() => expect(events.all("/api/events").length).toBe(2));
  const next = events.now("/api/events");
  expect(next).not.toBe(stream);
  next.accept();
  const before = asked.length;
  next.send("hello", hello());
  expect(await screen.findByText("1 / 3")).toBeTruthy();
  expect(asked.length).toBeGreaterThan(before);
  expect(liveState.get()).toBe("live");
});

test("a stream that only stumbled goes on where it was; another server makes everything be read", async () => {
  const { asked } = network(lists);
  const { stream } = await live("/services");
  await screen.findByText("3 / 3");
  await settled(asked);
  const before = asked.length;
  stream.interrupt();
  stream.accept();
  stream.send("hello", hello());
  await settled(asked);
  expect(asked.length).toBe(before);
  stream.send("hello", hello({ boot: "b2" }));
  await waitFor(() => expect(asked.length).toBeGreaterThan(before));
});

test("a refused stream finds out that the session is over", async () => {
  const { routes } = network(lists);
  const { stream, events } = await live("/services");
  await screen.findByText("3 / 3");
  const expired = new Problem(401, "unauthenticated", "The session has ended.");
  for (const route of Object.keys(routes)) if (route !== "GET /api/session") routes[route] = expired;
  routes["GET /api/session"] = { ...signedIn, state: "signed_out", username: null };
  stream.refuse();
  expect(await screen.findByRole("heading", { name: "Sign in again" })).toBeTruthy();
  expect(events.open("/api/events")).toHaveLength(0);
});
