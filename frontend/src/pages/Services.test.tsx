import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { hangs, network, Problem, refuses } from "@/testing/network";
import { open } from "@/testing/open";
import { deployment, listing, liveListing, service } from "@/testing/samples";

const web = service({ name: "web", desired: 3, running: 3 });
const rowOf = async (name: string) => {
  const link = await screen.findByRole("link", { name });
  const row = link.closest("tr");
  if (row === null) throw new Error(`${name} is in no row`);
  return within(row);
};

describe("the list of services", () => {
  test("shows placeholders while it is read", async () => {
    network({ "GET /api/services": hangs });
    open("/services");
    expect(await screen.findByRole("status", { name: "Loading services" })).toBeTruthy();
  });

  test("teaches when there are none", async () => {
    network({});
    open("/services");
    expect(await screen.findByRole("heading", { name: "No services yet" })).toBeTruthy();
  });

  test("shows a problem with its sentence, and tries again when asked", async () => {
    const away = new Problem(503, "docker_unreachable", "The engine at unix:///x.sock does not answer.");
    const { routes } = network({ "GET /api/services": away, "GET /api/services/live": away });
    const { user } = open("/services");
    const alert = within(await screen.findByRole("main"));
    expect(await alert.findByRole("heading", { name: "The Docker engine does not answer" })).toBeTruthy();
    expect(alert.getByText("The engine at unix:///x.sock does not answer.")).toBeTruthy();
    routes["GET /api/services"] = liveListing([web]);
    routes["GET /api/services/live"] = liveListing([web]);
    await user.click(alert.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("link", { name: "web" })).toBeTruthy();
  });

  test("shows catalog and swarm as one list, each in words", async () => {
    network({
      "GET /api/services": liveListing([
        web,
        service({
          name: "ingest",
          status: "failed",
          reason: "rejected",
          message: "No such image.",
          running: 0,
        }),
      ]),
      "GET /api/services/live": liveListing([web, service({ name: "redis", in_catalog: false })]),
    });
    open("/services");
    const row = await rowOf("web");
    expect(row.getByText("running")).toBeTruthy();
    expect(row.getByText("3 / 3")).toBeTruthy();
    expect((await rowOf("ingest")).getByText("No such image.")).toBeTruthy();
    const foreign = await rowOf("redis");
    expect(foreign.getByText("not ours")).toBeTruthy();
    expect(foreign.queryByRole("button", { name: "Deploy redis" })).toBeNull();
    expect(screen.getByText("2 in the catalog, 3 in the swarm, 1 not ours")).toBeTruthy();
  });

  test("keeps showing the catalog when the swarm cannot be read", async () => {
    network({
      "GET /api/services": liveListing([web]),
      "GET /api/services/live": new Problem(503, "no_picture_yet", "The cluster has not been looked at yet."),
    });
    open("/services");
    expect(await screen.findByRole("link", { name: "web" })).toBeTruthy();
    expect(screen.getByText(/Only the catalog is listed/)).toBeTruthy();
  });

  test("keeps the filter in the address", async () => {
    network({ "GET /api/services": liveListing([web, service({ name: "api" })]) });
    const { user, address } = open("/services?q=api");
    expect(await screen.findByRole("link", { name: "api" })).toBeTruthy();
    expect(screen.queryByRole("link", { name: "web" })).toBeNull();
    await user.clear(screen.getByRole("searchbox", { name: "Filter services" }));
    expect(await screen.findByRole("link", { name: "web" })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: /^Problems/ }));
    await waitFor(() => expect(address()).toBe("/services?show=problems"));
    expect(screen.getByRole("heading", { name: "Nothing matches" })).toBeTruthy();
  });

  test("`/` puts the cursor into the filter", async () => {
    network({ "GET /api/services": liveListing([web]) });
    const { user } = open("/services");
    await screen.findByRole("link", { name: "web" });
    await user.keyboard("/");
    expect(document.activeElement).toBe(screen.getByRole("searchbox", { name: "Filter services" }));
  });
});

describe("the acts of a row", () => {
  test("deploy follows the deployment to its verdict and says the cause", async () => {
    const { asked } = network({
      "GET /api/services": liveListing([web]),
      "POST /api/services/web/deploy": deployment({ id: "d7", service: "web" }),
      "GET /api/deployments/d7": deployment({
        id: "d7",
        service: "web",
        state: "failed",
        cause: "The image is not in the registry.",
      }),
      "GET /api/deployments": listing([]),
    });
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "Deploy web" }));
    const results = within(await screen.findByRole("region", { name: "Results" }));
    expect(await results.findByText("failed", {})).toBeTruthy();
    expect(results.getByText("The image is not in the registry.")).toBeTruthy();
    expect(asked.find((request) => request.method === "POST")?.body).toEqual({ adopt: false });
  });

  test("deploy asks before it takes over a service that is not ours", async () => {
    let adopted = false;
    network({
      "GET /api/services": liveListing([web]),
      "POST /api/services/web/deploy": ({ body }: { body: unknown }) => {
        adopted = (body as { adopt: boolean }).adopt;
        return adopted ? deployment({ id: "d8" }) : new Problem(409, "not_ours", "Someone else's.");
      },
      "GET /api/deployments/d8": deployment({ id: "d8", state: "succeeded" }),
    });
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "Deploy web" }));
    const dialog = within(await screen.findByRole("alertdialog", { name: "Take over web?" }));
    expect(adopted).toBe(false);
    await user.click(dialog.getByRole("button", { name: "Take over and deploy" }));
    await waitFor(() => expect(adopted).toBe(true));
  });

  test("scale sends the number, and shows the server's reason when it is refused", async () => {
    const { asked, routes } = network({
      "GET /api/services": liveListing([web]),
      "POST /api/services/web/scale": new Problem(409, "not_scalable", "web is global."),
    });
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "Scale web" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Scale web" }));
    const field = dialog.getByLabelText("Replicas");
    await user.clear(field);
    await user.type(field, "-1");
    expect(dialog.getByRole("button", { name: "Scale" })).toHaveProperty("disabled", true);
    await user.clear(field);
    await user.type(field, "5{Enter}");
    expect(await dialog.findByText("web is global.")).toBeTruthy();
    expect(asked.findLast((request) => request.method === "POST")?.body).toEqual({ replicas: 5 });
    routes["POST /api/services/web/scale"] = deployment({ id: "d9", kind: "scale" });
    routes["GET /api/deployments/d9"] = deployment({ id: "d9", kind: "scale", state: "succeeded" });
    await user.click(dialog.getByRole("button", { name: "Scale" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("stop names what dies", async () => {
    const busy = service({
      name: "web",
      desired: 3,
      running: 3,
      nodes: [
        { id: "n1", hostname: "worker-1", running: 2 },
        { id: "n2", hostname: "worker-2", running: 1 },
      ],
    });
    network({ "GET /api/services": liveListing([busy]), "POST /api/services/web/stop": refuses });
    const { user } = open("/services");
    await user.click(await screen.findByRole("button", { name: "More for web" }));
    await user.click(await screen.findByRole("menuitem", { name: "Stop" }));
    const dialog = within(await screen.findByRole("alertdialog", { name: "Stop web?" }));
    expect(dialog.getByText("3 running tasks")).toBeTruthy();
    expect(dialog.getByText(/worker-1, worker-2/)).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "Stop" }));
    expect(await dialog.findByText(/the server knows of no such change/)).toBeTruthy();
  });
});
