import { expect, test } from "vitest";
import { type Connection, clients, quoted } from "./agentBlocks";

const connection: Connection = {
  origin: "https://swarm.example:8443",
  token: "so_0123abcd",
  scope: "operate",
  folder: "/opt/swarm orchestrator/",
};
const every = (change: Partial<Connection> = {}) =>
  clients.flatMap(({ id, blocks }) =>
    blocks({ ...connection, ...change }).map((block) => ({ id, ...block })),
  );

test("every block leads to this address, and is of the scope that was chosen", () => {
  for (const { title, text } of every().filter(({ title }) => title !== "The token, in the environment"))
    expect(text, title).toMatch(/https:\/\/swarm\.example:8443(\/mcp\b|\/api\/services|"|'| )/);
  const names = (scope: Connection["scope"]) =>
    every({ scope }).flatMap(({ text }) => text.match(/\bswarm(-[a-z]+)?(?="?: \{| http| \\)/g) ?? []);
  expect(new Set(names("operate"))).toEqual(new Set(["swarm"]));
  expect(new Set(names("read"))).toEqual(new Set(["swarm-read"]));
  expect(new Set(names("admin"))).toEqual(new Set(["swarm-admin"]));
});

test("files are JSON that a client can read, with the process as its arguments", () => {
  const files = every().filter(({ text }) => text.startsWith("{"));
  expect(files).toHaveLength(7);
  for (const { text } of files) {
    const { mcpServers, servers } = JSON.parse(text);
    const { swarm } = mcpServers ?? servers;
    if (swarm.command === undefined) {
      expect(swarm.url).toBe("https://swarm.example:8443/mcp");
      expect(swarm.headers.Authorization).toMatch(/^Bearer \S+$/);
    } else {
      expect(swarm.command).toBe("/opt/swarm orchestrator/.venv/bin/python");
      expect(swarm.args).toEqual(["-m", "backend.mcp_server"]);
      expect(swarm.env.ORCHESTRATOR_URL).toBe("https://swarm.example:8443");
    }
  }
});

test("what is meant to be shared or asked for holds no token", () => {
  const shared = every().filter(({ where }) => where.startsWith(".mcp.json") || where.startsWith(".vscode"));
  expect(shared.length).toBeGreaterThan(3);
  for (const { text } of shared) expect(text).not.toContain(connection.token);
});

test("commands survive a shell, whatever the folder is called", () => {
  expect(quoted("https://swarm.example:8443/mcp")).toBe("https://swarm.example:8443/mcp");
  expect(quoted("it's; rm -rf /")).toBe(`'it'\\''s; rm -rf /'`);
  const commands = every()
    .map(({ text }) => text)
    .filter((text) => text.startsWith("claude"));
  expect(commands[0]).toBe(
    "claude mcp add --transport http swarm https://swarm.example:8443/mcp \\\n  --header 'Authorization: Bearer so_0123abcd'",
  );
  expect(commands[1]).toContain("-- '/opt/swarm orchestrator/.venv/bin/python' -m backend.mcp_server");
});
