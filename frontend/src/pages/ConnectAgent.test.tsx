import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { cameFrom } from "@/testing/addressBar";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { listing, signedIn, token } from "@/testing/samples";

const SECRET = "so_5ecre7";

async function connect(made: Record<string, unknown> = {}, session: Record<string, unknown> = {}) {
  const parts = network({
    "GET /api/session": { ...signedIn, ...session },
    "GET /api/tokens": listing([]),
    "POST /api/tokens": ({ body }: { body: unknown }) => ({
      ...token(body as object),
      ...made,
      token: SECRET,
    }),
  });
  const page = open("/connect-agent");
  await page.user.type(await screen.findByLabelText("Name"), "claude");
  return { ...parts, ...page };
}

test("an agent asks first unless one says otherwise, and what its rights mean is said in words", async () => {
  const { user, asked } = await connect();
  expect((screen.getByRole("radio", { name: "operate" }) as HTMLInputElement).checked).toBe(true);
  expect((screen.getByLabelText("Ask a person first") as HTMLInputElement).checked).toBe(true);
  expect(screen.getByRole("note").textContent).toContain("root on the cluster");
  await user.click(screen.getByLabelText("Ask a person first"));
  expect(screen.getByRole("note").textContent).toContain("without asking anybody");
  await user.click(screen.getByRole("radio", { name: "read" }));
  expect((screen.getByLabelText("Ask a person first") as HTMLInputElement).disabled).toBe(true);
  expect(screen.getByRole("note").textContent).not.toContain("root");
  await user.selectOptions(screen.getByLabelText("Expires"), "in 7 days");
  await user.click(screen.getByRole("button", { name: "Create token" }));
  await screen.findByRole("region", { name: "Token claude" });
  expect(asked.find(({ method }) => method === "POST")?.body).toEqual({
    name: "claude",
    scope: "read",
    confirm: false,
    expires_in_days: 7,
  });
});

test("the blocks hold this page's address and the token, which is nowhere kept and gone with the page", async () => {
  const { user, cache, address } = await connect();
  await user.click(screen.getByRole("button", { name: "Create token" }));
  const made = within(await screen.findByRole("region", { name: "Token claude" }));
  expect(made.getByRole("status", { name: "Token" }).textContent).toBe(SECRET);
  expect(screen.getByText(/operate, asks first/)).toBeTruthy();
  const { origin } = window.location;
  const http = within(screen.getByRole("region", { name: "Over HTTP" }));
  expect(http.getByText(/claude mcp add/).textContent).toContain(`${origin}/mcp`);
  expect(http.getByText(/claude mcp add/).textContent).toContain(`Bearer ${SECRET}`);
  expect(http.getByRole("button", { name: "Copy: Over HTTP" })).toBeTruthy();
  await user.click(screen.getByRole("tab", { name: "VS Code" }));
  expect(
    (await screen.findAllByText(/promptString/)).map(({ textContent }) => textContent).join(),
  ).not.toContain(SECRET);
  const folder = screen.getByLabelText("Folder of the orchestrator on the agent’s machine");
  await user.clear(folder);
  await user.type(folder, "/srv/so");
  expect(screen.getAllByText(/\/srv\/so\/\.venv\/bin\/python/).length).toBeGreaterThan(0);

  await user.click(screen.getByRole("link", { name: "I have copied it" }));
  await waitFor(() => expect(address()).toBe("/settings"));
  await screen.findByRole("heading", { level: 1, name: "Settings" });
  expect(document.documentElement.outerHTML).not.toContain(SECRET);
  await waitFor(() => {
    const kept = [
      cache
        .getMutationCache()
        .getAll()
        .map(({ state }) => state),
      cache
        .getQueryCache()
        .getAll()
        .map(({ state }) => state),
      { ...localStorage },
      { ...sessionStorage },
      window.history.state,
    ];
    expect(JSON.stringify(kept)).not.toContain(SECRET);
  });
});

test("a name that is taken is said with the server's sentence, and nothing typed is lost", async () => {
  const { user, routes } = await connect();
  routes["POST /api/tokens"] = new Problem(409, "name_taken", "There is a token named claude already.");
  await user.click(screen.getByRole("button", { name: "Create token" }));
  expect(await screen.findByText("There is a token named claude already.")).toBeTruthy();
  expect((screen.getByLabelText("Name") as HTMLInputElement).value).toBe("claude");
});

test("over plain HTTP one is told what listening means; on the machine itself, who can reach it", async () => {
  await connect({}, { secure: false });
  expect(screen.getByText(/is this machine alone/)).toBeTruthy();
  expect(screen.queryByText(/plain HTTP\./)).toBeNull();
  await cameFrom("http://10.0.0.5:8080/", async () => {
    await connect({}, { secure: false }).catch(() => undefined);
    expect(
      (await screen.findAllByRole("alert")).some(({ textContent }) => /plain HTTP/.test(textContent ?? "")),
    ).toBe(true);
  });
});

test("whoever may not make tokens is told so", async () => {
  network({ "GET /api/session": { ...signedIn, permissions: ["read", "operate"] } });
  open("/connect-agent");
  expect(await screen.findByRole("heading", { name: "You may not make tokens" })).toBeTruthy();
});
