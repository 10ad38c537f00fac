import { screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bulkRuns } from "@/lib/bulkRuns";
import { listViews } from "@/lib/listView";
import { wantedReplicas } from "@/lib/wantedReplicas";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { changed, deployment, listing, liveListing, service } from "@/testing/samples";
import { streams } from "@/testing/stream";

const web = service({ name: "web", desired: 3, running: 3, stack: "shop" });
const api = service({ name: "api", desired: 2, running: 2, stack: "shop" });
const agent = service({ name: "agent", mode: "global" });
const three = { "GET /api/services": liveListing([web, api, agent]) };

beforeEach(() => {
  localStorage.clear();
  listViews.forget();
});
afterEach(() => {
  bulkRuns.set(null);
  wantedReplicas.clear();
});

const names = () =>
  screen
    .getAllByRole("rowheader")
    .map((header) => header.textContent)
    .filter((text) => text !== "");
const dialog = async () => within(await screen.findByRole("alertdialog"));
const selection = async () => within(await screen.findByRole("region", { name: "Selection" }));

describe("the list as one likes it", () => {
  test("a heading sorts, the other way, and not at all; the address knows", async () => {
    network(three);
    const { user, address } = open("/services");
    await screen.findByRole("link", { name: "web" });
    expect(names()).toEqual(["agent", "api", "web"]);
    await user.click(screen.getByRole("button", { name: "Replicas" }));
    expect(names()).toEqual(["web", "api", "agent"]);
    await waitFor(() => expect(address()).toBe("/services?sort=-replicas"));
    expect(screen.getByRole("columnheader", { name: "Replicas" }).getAttribute("aria-sort")).toBe(
      "descending",
    );
    await user.click(screen.getByRole("button", { name: "Replicas" }));
    await user.click(screen.getByRole("button", { name: "Replicas" }));
    await waitFor(() => expect(address()).toBe("/services"));
  });

  test("groups fold, and say how many there are and how many of them are in trouble", async () => {
    network({
      "GET /api/services": liveListing([web, { ...api, status: "failed" }, agent]),
    });
    const { user } = open("/services?group=stack");
    const shop = await screen.findByRole("button", { name: /^shop/ });
    expect(shop.textContent).toBe("shop2, 1 problem");
    await user.click(shop);
    expect(screen.queryByRole("link", { name: "web" })).toBeNull();
    expect(screen.getByRole("link", { name: "agent" })).toBeTruthy();
  });

  test("columns are chosen, and kept for the next time", async () => {
    network(three);
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "View" }));
    await user.click(await screen.findByRole("checkbox", { name: "Stack" }));
    expect(await screen.findByRole("columnheader", { name: "Stack" })).toBeTruthy();
    listViews.forget();
    expect(listViews.get("admin").columns).toContain("stack");
    expect(listViews.get("someone-else").columns).not.toContain("stack");
  });

  test("what the filter cannot understand is said", async () => {
    network(three);
    open("/services?q=status%3Asideways");
    expect(await screen.findByText(/status:sideways is unknown/)).toBeTruthy();
  });

  test("rows keep their places while one points at them, and find them again afterwards", async () => {
    network(three);
    const events = streams();
    const { user } = open("/services");
    await screen.findByRole("link", { name: "web" });
    await user.hover(screen.getByRole("table", { name: "Services" }));
    events
      .now("/api/events")
      .send("changed", changed({ services: [{ ...web, status: "failed" }], names: ["web"] }));
    expect(await screen.findByText("order held while you point")).toBeTruthy();
    expect(names()).toEqual(["agent", "api", "web"]);
    await user.unhover(screen.getByRole("table", { name: "Services" }));
    await waitFor(() => expect(names()).toEqual(["web", "agent", "api"]));
  });
});

describe("many at once", () => {
  test("a range is chosen with shift, and all that is shown with one box", async () => {
    network(three);
    const { user } = open("/services");
    await user.click(await screen.findByRole("checkbox", { name: "Select agent" }));
    await user.keyboard("{Shift>}");
    await user.click(screen.getByRole("checkbox", { name: "Select web" }));
    await user.keyboard("{/Shift}");
    expect((await selection()).getByText("3 services selected")).toBeTruthy();
    await user.click(screen.getByRole("checkbox", { name: "Select all 3 shown" }));
    expect(screen.queryByRole("region", { name: "Selection" })).toBeNull();
  });

  test("each has its result, the failed on top, and only those are tried again", async () => {
    const refused = { status: 409, code: "name_taken", title: "", detail: "The name is taken.", errors: [] };
    const { asked, routes } = network({
      ...three,
      "POST /api/deployments": {
        items: [
          { service: "web", deployment: deployment({ id: "d1", service: "web" }), problem: null },
          { service: "api", deployment: null, problem: refused },
        ],
      },
      "GET /api/deployments": listing([deployment({ id: "d1", service: "web", state: "succeeded" })]),
    });
    const { user } = open("/services");
    await user.click(await screen.findByRole("checkbox", { name: "Select web" }));
    await user.click(screen.getByRole("checkbox", { name: "Select api" }));
    await user.click((await selection()).getByRole("button", { name: "Restart" }));
    await user.click((await dialog()).getByRole("button", { name: "Restart 2" }));
    const results = within(await screen.findByRole("region", { name: "Results for each service" }));
    expect(await results.findByText("1 failed, 1 done")).toBeTruthy();
    expect(results.getAllByRole("listitem")[0]?.textContent).toContain("apirefusedThe name is taken.");
    routes["POST /api/deployments"] = {
      items: [
        {
          service: "api",
          deployment: deployment({ id: "d2", service: "api", state: "succeeded" }),
          problem: null,
        },
      ],
    };
    await user.click(results.getByRole("button", { name: "Retry 1 failed" }));
    expect(await results.findByText("2 done")).toBeTruthy();
    expect(asked.filter(({ method }) => method === "POST").map(({ body }) => body)).toEqual([
      { action: "restart", services: ["api", "web"], adopt: false },
      { action: "restart", services: ["api"], adopt: false },
    ]);
  });

  test("what cannot be scaled is left out by name; the command is beside it", async () => {
    const { asked } = network({ ...three, "POST /api/deployments": { items: [] } });
    const { user } = open("/services");
    await user.click(await screen.findByRole("checkbox", { name: "Select all 3 shown" }));
    await user.click((await selection()).getByRole("button", { name: "Scale" }));
    const ask = await dialog();
    expect(ask.getByText(/agent: A global service/)).toBeTruthy();
    const field = ask.getByLabelText("Replicas of each");
    await user.clear(field);
    await user.type(field, "4");
    expect(ask.getByText("docker service scale api=4 web=4")).toBeTruthy();
    expect(ask.getByText("5 tasks wanted now, 8 then.")).toBeTruthy();
    await user.keyboard("{Enter}");
    await waitFor(() =>
      expect(asked.find(({ method }) => method === "POST")?.body).toEqual({
        action: "scale",
        services: ["api", "web"],
        replicas: 4,
        adopt: false,
      }),
    );
  });

  test("an answer that never comes is each one's result", async () => {
    const away = new Problem(503, "docker_unreachable", "The engine does not answer.");
    network({ ...three, "POST /api/deployments": away });
    const { user } = open("/services");
    await user.click(await screen.findByRole("checkbox", { name: "Select web" }));
    await user.click((await selection()).getByRole("button", { name: "Deploy" }));
    await user.click((await dialog()).getByRole("button", { name: "Deploy 1" }));
    expect(await screen.findByText("The engine does not answer.")).toBeTruthy();
  });
});

describe("one more, one fewer", () => {
  test("is shown before the server answers, many clicks are one change, and undo is the way back", async () => {
    const { asked } = network({
      ...three,
      "POST /api/services/web/scale": ({ body }: { body: unknown }) =>
        deployment({ id: "d5", kind: "scale", to_revision: 2, ...(body as { replicas: number }) }),
      "GET /api/deployments/d5": deployment({ id: "d5", kind: "scale", replicas: 5, state: "succeeded" }),
    });
    const { user } = open("/services");
    const more = await screen.findByRole("button", { name: "One more web" });
    await user.dblClick(more);
    expect(screen.getByText("3 / 5")).toBeTruthy();
    expect(asked.some(({ method }) => method === "POST")).toBe(false);
    const undo = await screen.findByRole("button", { name: "Undo" });
    await user.click(undo);
    await waitFor(() =>
      expect(asked.filter(({ method }) => method === "POST").map(({ body }) => body)).toEqual([
        { replicas: 5 },
        { replicas: 3 },
      ]),
    );
  });

  test("goes back with the server's sentence when it is refused", async () => {
    network({
      ...three,
      "POST /api/services/web/scale": new Problem(503, "no_leader", "There is no leader."),
    });
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "One fewer web" }));
    expect(screen.getByText("3 / 2")).toBeTruthy();
    expect(await screen.findByText("web was not scaled to 2")).toBeTruthy();
    expect(screen.getByText("There is no leader.")).toBeTruthy();
    expect(screen.getByText("3 / 3")).toBeTruthy();
  });

  test("sends nothing when someone else changed it meanwhile", async () => {
    const { asked } = network(three);
    const events = streams();
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "One more web" }));
    const theirs = { ...web, desired: 7, revision: 2 };
    events.now("/api/events").send("changed", changed({ services: [theirs], names: ["web"] }));
    expect(await screen.findByText("Someone else changed web meanwhile")).toBeTruthy();
    expect(screen.getByText(/It now wants 7 replicas \(revision 2\)/)).toBeTruthy();
    expect(asked.some(({ method }) => method === "POST")).toBe(false);
  });

  test("is not offered for what cannot be scaled", async () => {
    network({
      "GET /api/services": liveListing([agent, service({ name: "theirs", deployed_revision: null })]),
    });
    open("/services");
    await screen.findByRole("link", { name: "agent" });
    expect(screen.queryByRole("button", { name: /^One more/ })).toBeNull();
  });
});

test("what runs outside the catalog is added with what is known of it", async () => {
  const foreign = service({
    name: "redis",
    in_catalog: false,
    image: "redis:7",
    digest: null,
    desired: 2,
    ports: [{ target: 6379, published: 6379, protocol: "tcp", mode: "ingress" }],
  });
  const { asked } = network({ "GET /api/services/live": liveListing([foreign]), "POST /api/services": {} });
  const { user } = open("/services");
  await user.click(await screen.findByRole("button", { name: "More for redis" }));
  await user.click(await screen.findByRole("menuitem", { name: "Add to catalog" }));
  const ask = within(await screen.findByRole("dialog", { name: "Add redis to the catalog" }));
  expect(ask.getByText("docker service inspect --pretty redis")).toBeTruthy();
  await user.click(ask.getByRole("button", { name: "Add to the catalog" }));
  await waitFor(() =>
    expect(asked.find(({ method }) => method === "POST")?.body).toEqual({
      name: "redis",
      yaml: 'name: redis\nimage: redis:7\nreplicas: 2\nports:\n  - "6379:6379"\n',
    }),
  );
});
