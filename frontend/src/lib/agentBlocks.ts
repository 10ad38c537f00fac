// What is pasted into an agent's program so that it reaches this orchestrator: commands and files, ready to use.
import type { TokenScope } from "@/api/types";

export interface Connection {
  /** Where the page came from; `/mcp` is beside it. */
  origin: string;
  token: string;
  scope: TokenScope;
  /** Where the orchestrator's checkout is on the agent's machine, for those that start it themselves. */
  folder: string;
}

export interface Block {
  title: string;
  /** Where it belongs. */
  where: string;
  text: string;
  note?: string;
}

export interface Client {
  id: string;
  name: string;
  blocks: (connection: Connection) => Block[];
}

/** Several connections of different rights can stand side by side; the client shows which is which. */
export const serverName = (scope: TokenScope) => (scope === "operate" ? "swarm" : `swarm-${scope}`);

const VARIABLE = "ORCHESTRATOR_TOKEN";

const json = (value: unknown) => JSON.stringify(value, null, 2);
/** As one word of a POSIX shell. */
export const quoted = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const address = ({ origin }: Connection) => `${origin}/mcp`;
const python = ({ folder }: Connection) => `${folder.replace(/\/+$/, "")}/.venv/bin/python`;
const process = (connection: Connection, token: string) => ({
  command: python(connection),
  args: ["-m", "backend.mcp_server"],
  env: { ORCHESTRATOR_URL: connection.origin, [VARIABLE]: token },
});
const remote = (connection: Connection, token: string) => ({
  url: address(connection),
  headers: { Authorization: `Bearer ${token}` },
});

export const clients: Client[] = [
  {
    id: "claude-code",
    name: "Claude Code",
    blocks: (connection) => [
      {
        title: "Over HTTP",
        where: "in a terminal",
        text: `claude mcp add --transport http ${serverName(connection.scope)} ${quoted(address(connection))} \\\n  --header ${quoted(`Authorization: Bearer ${connection.token}`)}`,
        note: "Kept in your own settings, for the folder you are in. With `--scope user` it counts in all folders.",
      },
      {
        title: "As a process on its machine (stdio)",
        where: "in a terminal",
        text: `claude mcp add ${serverName(connection.scope)} \\\n  --env ORCHESTRATOR_URL=${quoted(connection.origin)} \\\n  --env ${VARIABLE}=${quoted(connection.token)} \\\n  -- ${quoted(python(connection))} -m backend.mcp_server`,
      },
    ],
  },
  {
    id: "project",
    name: ".mcp.json",
    blocks: (connection) => [
      {
        title: "For a project, as a process (stdio)",
        where: ".mcp.json in the project’s folder",
        text: json({
          mcpServers: {
            [serverName(connection.scope)]: { type: "stdio", ...process(connection, `\${${VARIABLE}}`) },
          },
        }),
        note: "It holds no token, so it can be committed. Each person sets their own:",
      },
      {
        title: "The token, in the environment",
        where: "in the terminal the agent is started from",
        text: `export ${VARIABLE}=${quoted(connection.token)}`,
      },
      {
        title: "For a project, over HTTP",
        where: ".mcp.json in the project’s folder",
        text: json({
          mcpServers: {
            [serverName(connection.scope)]: { type: "http", ...remote(connection, `\${${VARIABLE}}`) },
          },
        }),
        note: "Some versions of Claude Code send the variable’s name in a header instead of its value; the answer is 401 then. Use its own command instead.",
      },
    ],
  },
  {
    id: "claude-desktop",
    name: "Claude Desktop",
    blocks: (connection) => [
      {
        title: "As a process on its machine (stdio)",
        where: "claude_desktop_config.json (Settings, Developer, Edit Config)",
        text: json({ mcpServers: { [serverName(connection.scope)]: process(connection, connection.token) } }),
        note: "The file holds the token: it is for you alone. Start the program anew afterwards.",
      },
    ],
  },
  {
    id: "cursor",
    name: "Cursor",
    blocks: (connection) => [
      {
        title: "Over HTTP",
        where: "~/.cursor/mcp.json",
        text: json({ mcpServers: { [serverName(connection.scope)]: remote(connection, connection.token) } }),
        note: "The file holds the token: it is for you alone, and does not belong into a repository.",
      },
      {
        title: "As a process on its machine (stdio)",
        where: "~/.cursor/mcp.json",
        text: json({ mcpServers: { [serverName(connection.scope)]: process(connection, connection.token) } }),
      },
    ],
  },
  {
    id: "vs-code",
    name: "VS Code",
    blocks: (connection) => {
      const ask = {
        inputs: [
          {
            type: "promptString",
            id: "orchestrator-token",
            description: "Token of the Swarm Orchestrator",
            password: true,
          },
        ],
      };
      const asked = "${input:orchestrator-token}";
      return [
        {
          title: "Over HTTP",
          where: ".vscode/mcp.json, or the user’s mcp.json",
          text: json({
            ...ask,
            servers: { [serverName(connection.scope)]: { type: "http", ...remote(connection, asked) } },
          }),
          note: "It holds no token: VS Code asks for it once and keeps it with its secrets. Paste the token from above there.",
        },
        {
          title: "As a process on its machine (stdio)",
          where: ".vscode/mcp.json, or the user’s mcp.json",
          text: json({
            ...ask,
            servers: { [serverName(connection.scope)]: { type: "stdio", ...process(connection, asked) } },
          }),
        },
      ];
    },
  },
  {
    id: "curl",
    name: "curl",
    blocks: (connection) => [
      {
        title: "The API, by hand",
        where: "in a terminal",
        text: `curl -H ${quoted(`Authorization: Bearer ${connection.token}`)} \\\n  ${quoted(`${connection.origin}/api/services`)}`,
      },
      {
        title: "Whether MCP answers",
        where: "in a terminal",
        text: `curl -i ${quoted(address(connection))} \\\n  -H ${quoted(`Authorization: Bearer ${connection.token}`)} \\\n  -H 'Content-Type: application/json' \\\n  -H 'Accept: application/json, text/event-stream' \\\n  -d ${quoted(JSON.stringify(hello))}`,
      },
    ],
  },
];

const hello = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "curl", version: "1" },
  },
};
