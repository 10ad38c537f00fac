import { cleanup, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { cameFrom } from "@/testing/addressBar";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { attention, health, hello, liveListing, service, signedIn } from "@/testing/samples";
import { streams } from "@/testing/stream";

const signedOut = { ...signedIn, state: "signed_out", username: null };

test("whoever is not signed in signs in first, and then comes to where they wanted to go", async () => {
  const { routes, asked } = network({
    "GET /api/session": signedOut,
    "POST /api/session": ({ body }: { body: unknown }) =>
      (body as { password: string }).password === "right"
        ? signedIn
        : new Problem(401, "wrong_credentials", "User name or password is wrong."),
  });
  const { user, address } = open("/services?show=problems");
  await user.type(await screen.findByLabelText("User name"), "admin");
  await user.type(screen.getByLabelText("Password"), "wrong{Enter}");
  expect(await screen.findByText("User name or password is wrong.")).toBeTruthy();
  routes["GET /api/session"] = signedIn;
  await user.clear(screen.getByLabelText("Password"));
  await user.type(screen.getByLabelText("Password"), "right{Enter}");
  await waitFor(() => expect(address()).toBe("/services?show=problems"));
  expect(await screen.findByRole("heading", { level: 1, name: "Services" })).toBeTruthy();
  expect(asked.filter((request) => request.method === "POST")).toHaveLength(2);
});

test("the first start asks for an admin with the code of the link", async () => {
  const { asked } = network({
    "GET /api/session": { ...signedIn, state: "setup_needed", username: null },
    "POST /api/setup": signedIn,
  });
  const { user, address } = open("/");
  expect(await screen.findByRole("heading", { name: "Welcome" })).toBeTruthy();
  expect(address()).toBe("/setup");
  await user.type(screen.getByLabelText("One-time code"), "ABCD");
  await user.type(screen.getByLabelText("Password"), "a long sentence");
  await user.click(screen.getByRole("button", { name: "Create admin and sign in" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Dashboard" })).toBeTruthy();
  expect(asked.find((request) => request.path === "/api/setup")?.body).toEqual({
    code: "ABCD",
    username: "admin",
    password: "a long sentence",
  });
});

test("freshness is always in view, and an engine that is away is said with its reason", async () => {
  const { routes } = network({});
  const live = streams();
  open("/nodes");
  const stream = await waitFor(() => live.now("/api/events"));
  stream.send("hello", hello());
  expect(await screen.findByText(/^live, \d/)).toBeTruthy();
  const { engine } = health();
  routes["GET /api/health/detailed"] = health({
    stale_seconds: 40,
    engine: { ...engine, connected: false, code: "docker_unreachable", detail: "Connection refused." },
  });
  stream.send("resync", {});
  await waitFor(() =>
    expect(screen.getByText(/Connection refused\./).textContent).toMatch(
      /^This is the last picture, 4\d s old\./,
    ),
  );
});

test("who can listen is warned of plain HTTP, and nobody is on the machine itself", async () => {
  const { routes } = network({ "GET /api/session": { ...signedIn, secure: false } });
  open("/nodes");
  await screen.findByRole("heading", { level: 1, name: "Nodes" });
  expect(screen.queryByText(/plain HTTP/)).toBeNull();
  cleanup();
  await cameFrom("http://10.0.0.5:8080/", async () => {
    open("/nodes");
    expect(await screen.findByText(/plain HTTP/)).toBeTruthy();
    cleanup();
    routes["GET /api/session"] = { ...signedOut, secure: false };
    open("/sign-in");
    expect(await screen.findByText(/anyone on the network between can read the password/)).toBeTruthy();
  });
});

test("the dashboard leads with what needs attention", async () => {
  network({
    "GET /api/services": liveListing([
      service({ name: "ingest", status: "failed", message: "Line 4: `replica` is not known." }),
      service({ name: "web" }),
    ]),
    "GET /api/health/detailed": health({
      attention: [
        attention({
          kind: "quorum",
          service: null,
          status: null,
          reason: null,
          desired: null,
          sentence: "2 of 3 managers answer: no more may be lost.",
          cause: "The quorum is at its limit.",
          evidence: [],
        }),
        attention({ service: "ingest", cause: "Line 4: `replica` is not known.", evidence: [] }),
      ],
    }),
  });
  open("/");
  const card = within(await screen.findByRole("region", { name: "Needs attention" }));
  expect(card.getByText("replica").tagName).toBe("CODE");
  expect(card.getByText("The quorum is at its limit.")).toBeTruthy();
  expect(card.getByRole("link", { name: "Show ingest" })).toBeTruthy();
  expect(card.getByText(/0 of 1 running/)).toBeTruthy();
  expect(screen.getByText("1 of 2 services as wanted")).toBeTruthy();
});

test("an address that leads nowhere says so", async () => {
  network({});
  open("/nowhere");
  expect(await screen.findByRole("heading", { name: "There is no such page" })).toBeTruthy();
});
