import { screen, waitFor, within } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import type { BuildLine } from "@/api/types";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { build, deployment, listing, serviceDetail } from "@/testing/samples";
import { streams } from "@/testing/stream";

const PATH = "/api/builds/b1/log/stream";
const line = (n: number, text: string): BuildLine => ({
  n,
  at: "2026-01-02T03:04:07Z",
  text,
  step: "s1",
  error: false,
});
const lines = (...items: BuildLine[]) => ({ items, left_out: 0 });

// happy-dom lays nothing out: the pane must have a height for lines to be in sight.
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(600);
});

async function opened(of = build(), routes = {}) {
  const events = streams();
  const net = network({ "GET /api/builds/b1": of, ...routes });
  const page = open("/builds/b1");
  const log = await screen.findByRole("log", { name: "Output of the build of web" });
  const stream = await waitFor(() => events.now(PATH));
  stream.accept();
  return { ...page, ...net, log, stream, events };
}

test("what the builder says appears in its colours, and markup stays text", async () => {
  const { log, stream } = await opened();
  stream.send("line", lines(line(1, "\u001b[32mStep 1\u001b[0m <img src=x>")));
  const green = await within(log).findByText("Step 1");
  expect(green.className).toContain("ansi-");
  expect(within(log).getByText("<img src=x>")).toBeTruthy();
  expect(log.querySelector("img")).toBeNull();
});

test("a stream that stumbled goes on where it was, each line once", async () => {
  const { log, stream, events } = await opened();
  stream.send("line", lines(line(1, "one"), line(2, "two")));
  await within(log).findByText("two");
  stream.interrupt();
  expect(await screen.findByText(/the stream broke/)).toBeTruthy();
  stream.accept();
  stream.send("line", lines(line(2, "two"), line(3, "three")));
  await within(log).findByText("three");
  expect(within(log).getAllByText("two")).toHaveLength(1);
  expect(events.open(PATH)).toHaveLength(1);
});

test("lines that were left out are counted where they are missing", async () => {
  const { log, stream } = await opened();
  stream.send("line", lines(line(11, "late")));
  expect(await within(log).findByText(/10 lines left out/)).toBeTruthy();
});

test("the build's last word ends the stream, and its digest can be deployed", async () => {
  const { stream, events, user, asked } = await opened(build(), {
    "POST /api/services/web/deploy": deployment({ service: "web" }),
  });
  stream.send("line", lines(line(1, "done")));
  stream.send(
    "state",
    build({ state: "succeeded", digest: `sha256:${"ab".repeat(32)}`, finished_at: "2026-01-02T03:04:09Z" }),
  );
  const deploy = await screen.findByRole("button", { name: "Deploy" });
  expect(events.open(PATH)).toHaveLength(0);
  expect(screen.getByText("abababababab")).toBeTruthy();
  await user.click(deploy);
  await waitFor(() => expect(asked.some(({ path }) => path === "/api/services/web/deploy")).toBe(true));
});

test("steps are told as they come, with what came from the cache", async () => {
  const { stream } = await opened();
  const step = { name: "RUN make", started_at: "2026-01-02T03:04:06Z", cached: false, error: null };
  stream.send("step", { ...step, id: "s1", finished_at: "2026-01-02T03:04:08Z" });
  stream.send("step", { ...step, id: "s2", name: "COPY . .", finished_at: null, cached: true });
  expect(await screen.findByText("RUN make")).toBeTruthy();
  expect(screen.getByText("2.0 s")).toBeTruthy();
  expect(screen.getByText("2 steps, 1 from the cache")).toBeTruthy();
});

test("a build that waits says its place and can be cancelled", async () => {
  const queued = build({ state: "queued", position: 2, phases: [], started_at: null });
  const { user, asked } = await opened(queued, {
    "DELETE /api/builds/b1": { ...queued, state: "cancelled", cause: "admin cancelled it." },
  });
  expect(screen.getByText(/Number 2 in the queue/)).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Cancel build" }));
  const dialog = within(await screen.findByRole("alertdialog", { name: "Cancel the build of web?" }));
  await user.click(dialog.getByRole("button", { name: "Cancel build" }));
  expect(await screen.findByText("admin cancelled it.")).toBeTruthy();
  expect(asked.filter(({ method }) => method === "DELETE")).toHaveLength(1);
});

test("a push that failed says why and can be tried again", async () => {
  const failed = build({
    state: "failed",
    cause: "The registry does not answer.",
    can_push: true,
    finished_at: "2026-01-02T03:04:09Z",
  });
  const { user, asked } = await opened(failed, {
    "POST /api/builds/b1/push": build({
      state: "pushing",
      phases: [
        { phase: "pushing", at: "2026-01-02T03:04:07Z" },
        { phase: "ended", at: "2026-01-02T03:04:09Z" },
        { phase: "pushing", at: "2026-01-02T03:05:00Z" },
      ],
    }),
  });
  expect(screen.getByText("The registry does not answer.")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Push again" }));
  await waitFor(() => expect(asked.some(({ path }) => path.endsWith("/push"))).toBe(true));
  const phases = within(await screen.findByRole("list", { name: "Phases" }));
  // The one that failed, and the one that goes on.
  await waitFor(() => expect(phases.getAllByText("pushing")).toHaveLength(2));
});

test("builds are listed with their end, narrowed in the address, and follow events", async () => {
  const events = streams();
  const { asked } = network({
    "GET /api/builds": listing([build({ state: "failed", cause: "exit code 2" })]),
  });
  const { user, address } = open("/builds");
  expect(await screen.findByText("exit code 2")).toBeTruthy();
  const stream = events.now("/api/events");
  stream.accept();
  stream.send("build", build({ id: "b2", service: "api", created_at: "2026-01-02T04:00:00Z" }));
  expect(await screen.findByRole("link", { name: "api" })).toBeTruthy();
  await user.selectOptions(screen.getByLabelText("State"), "failed");
  expect(address()).toContain("state=failed");
  await waitFor(() =>
    expect(asked.some(({ path, query }) => path === "/api/builds" && query.get("state") === "failed")).toBe(
      true,
    ),
  );
});

test("without builds the page says how to have one; a problem shows its sentence", async () => {
  const { routes } = network({});
  open("/builds");
  expect(await screen.findByRole("heading", { name: "Nothing built yet" })).toBeTruthy();
  routes["GET /api/builds/nope"] = new Problem(404, "build_not_found", "There is no build 'nope'.");
  open("/builds/nope");
  expect(await screen.findByText("There is no build 'nope'.")).toBeTruthy();
});

test("a service with a project is built from its page, and deployed when wanted", async () => {
  const { asked } = network({
    "GET /api/services/web": serviceDetail({
      name: "web",
      definition: { image: "app:1", build_context: "web" },
      build: {
        id: "b0",
        state: "failed",
        created_at: "2026-01-02T03:04:05Z",
        started_at: null,
        finished_at: "2026-01-02T03:04:06Z",
        digest: null,
      },
    }),
    "POST /api/services/web/build": build(),
    "GET /api/builds/b1": build(),
  });
  const { user, address } = open("/services/web");
  expect(await screen.findByRole("link", { name: "build failed" })).toBeTruthy();
  expect(screen.getByRole("tab", { name: "Builds" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Build" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Build web" }));
  await user.click(dialog.getByLabelText(/^Without the cache/));
  await user.click(dialog.getByRole("button", { name: "Build and deploy" }));
  await waitFor(() => expect(address()).toBe("/builds/b1"));
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({ deploy: true, no_cache: true });
});

test("a deployment that waits for a build says so, with the way there", async () => {
  network({
    "GET /api/services/web": serviceDetail({ name: "web" }),
    "GET /api/deployments": listing([
      deployment({ build_id: "b1", phases: [{ phase: "building", at: "2026-01-02T03:04:06Z" }] }),
    ]),
  });
  open("/services/web?tab=deployments");
  const link = await screen.findByRole("link", { name: "waits for its build" });
  expect(link.getAttribute("href")).toBe("/builds/b1");
});
