// A bad network, a restarted server, an ended session and a permission that was taken away, each as designed.
import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { newerPage } from "@/lib/newerPage";
import { setOverlay } from "@/lib/overlays";
import { editorOf } from "@/testing/editor";
import { hangs, network, Problem, type Routes, refuses } from "@/testing/network";
import { open } from "@/testing/open";
import {
  deployment,
  health,
  hello,
  listing,
  liveListing,
  service,
  serviceDetail,
  signedIn,
} from "@/testing/samples";
import { streams } from "@/testing/stream";

afterEach(() => {
  newerPage.set(false);
  setOverlay(null);
});

const signedOut = { ...signedIn, state: "signed_out", username: null, permissions: [] };
const ended = new Problem(401, "unauthenticated", "The session has ended.");
const webs: Routes = {
  "GET /api/services": liveListing([service({ name: "web" })]),
  "GET /api/services/live": liveListing([service({ name: "web" })]),
  "GET /api/services/web": serviceDetail({ name: "web" }),
};

function endSession(routes: Routes): () => void {
  const before = { ...routes };
  for (const route of Object.keys(routes)) routes[route] = ended;
  routes["GET /api/session"] = signedOut;
  routes["POST /api/session"] = ({ body }: { body: unknown }) => {
    if ((body as { password: string }).password !== "right")
      return new Problem(401, "wrong_credentials", "User name or password is wrong.");
    Object.assign(routes, before);
    return signedIn;
  };
  return () => Object.assign(routes, before);
}

test("a session that ends keeps the place and what was written, and goes on after signing in", async () => {
  const { routes, asked } = network(webs);
  const live = streams();
  const { user, address } = open("/services/web?tab=definition");
  const editor = await editorOf("Definition of web");
  editor.write("name: web\nimage: app:2\n");
  await waitFor(() => expect(screen.getByText(/^Changed from revision/)).toBeTruthy());
  endSession(routes);
  act(() => live.now("/api/events").refuse());
  const dialog = within(await screen.findByRole("dialog", { name: "Sign in again" }));
  expect(address()).toBe("/services/web?tab=definition");
  expect(dialog.getByLabelText<HTMLInputElement>("User name").value).toBe("admin");
  await user.type(dialog.getByLabelText("Password"), "wrong{Enter}");
  expect(await dialog.findByText("User name or password is wrong.")).toBeTruthy();
  await user.clear(dialog.getByLabelText("Password"));
  await user.type(dialog.getByLabelText("Password"), "right{Enter}");
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Sign in again" })).toBeNull());
  expect((await editorOf("Definition of web")).text()).toBe("name: web\nimage: app:2\n");
  expect(screen.getByText(/^Changed from revision/)).toBeTruthy();
  expect(address()).toBe("/services/web?tab=definition");
  // The stream is opened again at once.
  await waitFor(() => expect(live.open("/api/events")).toHaveLength(1));
  expect(asked.some(({ path }) => path === "/api/services/web")).toBe(true);
});

test("whoever signs in instead of somebody else begins at the dashboard", async () => {
  const { routes } = network(webs);
  const live = streams();
  const { user, address } = open("/services");
  await screen.findByRole("link", { name: "web" });
  const again = endSession(routes);
  routes["POST /api/session"] = () => {
    again();
    routes["GET /api/session"] = { ...signedIn, username: "eve" };
    return { ...signedIn, username: "eve" };
  };
  act(() => live.now("/api/events").refuse());
  const dialog = within(await screen.findByRole("dialog", { name: "Sign in again" }));
  await user.clear(dialog.getByLabelText("User name"));
  await user.type(dialog.getByLabelText("User name"), "eve");
  await user.type(dialog.getByLabelText("Password"), "x{Enter}");
  await waitFor(() => expect(address()).toBe("/"));
});

test("a permission that was taken away is named, and the page offers no longer what it is for", async () => {
  const { routes } = network({
    ...webs,
    "POST /api/services/web/deploy": new Problem(
      403,
      "denied",
      "admin may not do this: it needs the permission 'operate'",
    ),
  });
  const { user } = open("/services/web");
  const deploy = await screen.findByRole("button", { name: "Deploy" });
  routes["GET /api/session"] = { ...signedIn, permissions: ["read"] };
  await user.click(deploy);
  expect(await screen.findByText("web was not deployed")).toBeTruthy();
  expect(screen.getByText(/it needs the permission 'operate'/)).toBeTruthy();
  await waitFor(() => expect(deploy.hasAttribute("disabled")).toBe(true));
  expect(deploy.getAttribute("title")).toContain("permission “operate”");
  expect(screen.getByRole("button", { name: "Scale" }).hasAttribute("disabled")).toBe(true);
  expect(screen.getByText("read only")).toBeTruthy();
});

test("what may not be seen looks different from what is not there", async () => {
  const denied = new Problem(403, "denied", "eve may not do this: it needs the permission 'read'");
  network({ "GET /api/services": denied, "GET /api/services/live": denied });
  open("/services");
  expect(await screen.findByRole("heading", { name: "You may not see this" })).toBeTruthy();
  expect(screen.getByText(/it may well not be empty/)).toBeTruthy();
  expect(screen.queryByText("No services yet")).toBeNull();
});

test("without a server the banner says when it is tried again, and can be told to do it now", async () => {
  const { routes } = network({ "GET /api/health/detailed": () => health({ stale_seconds: 8 }) });
  const live = streams();
  const { user } = open("/nodes");
  const stream = await waitFor(() => live.now("/api/events"));
  act(() => {
    stream.accept();
    stream.send("hello", hello({ stale_seconds: 8 }));
  });
  await screen.findByText(/^live, \d/);
  const report = routes["GET /api/health/detailed"];
  routes["GET /api/health/detailed"] = refuses;
  act(() => stream.refuse());
  expect(await screen.findByText(/The orchestrator's server does not answer\./)).toBeTruthy();
  expect(await screen.findByText(/Tried again in \d s/)).toBeTruthy();
  routes["GET /api/health/detailed"] = report;
  await user.click(screen.getByRole("button", { name: "Try now" }));
  act(() => {
    live.now("/api/events").accept();
    live.now("/api/events").send("hello", hello({ boot: "b2" }));
  });
  await waitFor(() => expect(screen.queryByRole("button", { name: "Try now" })).toBeNull());
});

test("an act whose answer was lost is looked for, not done again", async () => {
  let sent = 0;
  const { asked } = network({
    ...webs,
    "POST /api/services/web/deploy": () => {
      sent += 1;
      return refuses();
    },
    "GET /api/deployments": ({ query }: { query: URLSearchParams }) =>
      listing(
        query.get("service") === "web" && sent > 0
          ? [
              deployment({
                id: "d9",
                kind: "deploy",
                state: "succeeded",
                created_at: new Date().toISOString(),
              }),
            ]
          : [],
      ),
    "GET /api/deployments/d9": deployment({ id: "d9", state: "succeeded" }),
  });
  const { user } = open("/services/web");
  await user.click(await screen.findByRole("button", { name: "Deploy" }));
  const results = within(await screen.findByRole("region", { name: "Results" }));
  expect(await results.findByText("succeeded")).toBeTruthy();
  expect(results.queryByText(/the answer was lost/)).toBeNull();
  expect(asked.filter(({ method }) => method === "POST")).toHaveLength(1);
});

test("an act that never arrived is said not to be done; an older one like it is no proof", async () => {
  network({
    ...webs,
    "POST /api/services/web/deploy": refuses,
    "GET /api/deployments": listing([deployment({ kind: "deploy", created_at: "2026-01-02T03:04:05Z" })]),
  });
  const { user } = open("/services/web");
  await user.click(await screen.findByRole("button", { name: "Deploy" }));
  expect(await screen.findByText(/the server knows of no such change/)).toBeTruthy();
});

/** Fills the form in and asks for a service `web`, whose answer is lost after the server `did` what it did. */
async function createWithoutAnswer(did: (yaml: string, routes: Routes) => void) {
  const { routes, asked } = network({
    "POST /api/services": ({ body }: { body: unknown }) => {
      did((body as { yaml: string }).yaml, routes);
      return refuses();
    },
    "GET /api/services/web": new Problem(404, "not_in_catalog", "There is no service web."),
    "POST /api/services/web/deploy": deployment({ id: "d9" }),
    "GET /api/deployments/d9": deployment({ id: "d9", state: "succeeded" }),
  });
  const page = open("/new-service");
  await page.user.type(await screen.findByLabelText("Name"), "web");
  await page.user.type(await screen.findByLabelText("Image"), "nginx:1");
  await page.user.click(screen.getByRole("button", { name: "Create and deploy" }));
  const sent = (path: string) => asked.filter((each) => each.method === "POST" && each.path === path).length;
  return { ...page, routes, sent };
}

test("a service that was made though the answer was lost is found, and goes on to be deployed", async () => {
  const { address, sent } = await createWithoutAnswer((yaml, routes) => {
    routes["GET /api/services/web"] = serviceDetail({ name: "web", yaml });
  });
  await waitFor(() => expect(address()).toBe("/services/web"));
  const results = within(await screen.findByRole("region", { name: "Results" }));
  expect(await results.findByText("succeeded")).toBeTruthy();
  expect(results.queryByText(/the answer was lost/)).toBeNull();
  expect([sent("/api/services"), sent("/api/services/web/deploy")]).toEqual([1, 1]);
});

test("a service that was never made is said not to be, and nothing that was typed is lost", async () => {
  const { address, sent, routes, user } = await createWithoutAnswer(() => {});
  expect(await screen.findByText(/the catalog has no such service\. Try again/)).toBeTruthy();
  expect(address()).toBe("/new-service");
  expect((screen.getByLabelText("Image") as HTMLInputElement).value).toBe("nginx:1");
  expect([sent("/api/services"), sent("/api/services/web/deploy")]).toEqual([1, 0]);
  routes["POST /api/services"] = serviceDetail({ name: "web" });
  routes["GET /api/services/web"] = serviceDetail({ name: "web" });
  await user.click(screen.getByRole("button", { name: "Create and deploy" }));
  await waitFor(() => expect(address()).toBe("/services/web"));
});

test("somebody else's service of that name is not taken for one's own", async () => {
  const { sent } = await createWithoutAnswer((_yaml, routes) => {
    routes["GET /api/services/web"] = serviceDetail({ name: "web", yaml: "name: web\nimage: theirs:1\n" });
  });
  expect(await screen.findByText(/has a service web with another text by now/)).toBeTruthy();
  expect(sent("/api/services/web/deploy")).toBe(0);
});

test("while nobody knows whether a service was made, that is said and nothing is sent again", async () => {
  const { sent } = await createWithoutAnswer((_yaml, routes) => {
    routes["GET /api/services/web"] = hangs;
  });
  expect(await screen.findByText("Create web: the answer was lost")).toBeTruthy();
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Create only" }).hasAttribute("disabled")).toBe(true),
  );
  expect(sent("/api/services")).toBe(1);
});

test("while nobody knows how an act ended, that is said", async () => {
  let sent = false;
  network({
    ...webs,
    "POST /api/services/web/deploy": () => {
      sent = true;
      return refuses();
    },
    "GET /api/deployments": () => (sent ? hangs() : listing([])),
  });
  const { user } = open("/services/web");
  await user.click(await screen.findByRole("button", { name: "Deploy" }));
  expect(await screen.findByText("Deploy web: the answer was lost")).toBeTruthy();
});

test("an error of the server is told with its number and the way to the service", async () => {
  const broken = new Problem(500, "internal_error", "Something failed here.");
  broken.body["instance"] = "urn:swarm-orchestrator:error:ab12";
  network({ ...webs, "POST /api/services/web/deploy": broken });
  const { user } = open("/services/web");
  await user.click(await screen.findByRole("button", { name: "Deploy" }));
  expect(await screen.findByText("ab12")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Show web" })).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Nothing is under way" }));
  const drawer = within(await screen.findByRole("dialog", { name: "Under way" }));
  expect(drawer.getByText("web was not deployed")).toBeTruthy();
  expect(drawer.getByText("ab12")).toBeTruthy();
});

test("a restarted server that brings another page says so, and reloads only when told", async () => {
  const script = document.createElement("script");
  script.type = "text/plain";
  script.src = "/assets/index-old.js";
  document.head.append(script);
  const { routes } = network({
    "GET /": () => new Response('<script type="module" src="/assets/index-old.js"></script>'),
  });
  const live = streams();
  open("/nodes");
  const stream = await waitFor(() => live.now("/api/events"));
  act(() => stream.send("hello", hello({ boot: "one" })));
  act(() => stream.send("hello", hello({ boot: "two" })));
  await screen.findByText(/^live, \d/);
  expect(screen.queryByText("The page was updated.")).toBeNull();
  routes["GET /"] = () => new Response('<script type="module" src="/assets/index-new.js"></script>');
  act(() => stream.send("hello", hello({ boot: "three" })));
  expect(await screen.findByText("The page was updated.")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Reload" })).toBeTruthy();
  script.remove();
});
