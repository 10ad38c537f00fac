// The network's edge: answers by method and path, and a record of what was asked.
import { vi } from "vitest";
import { toYaml } from "@/lib/yamlText";
import * as samples from "./samples";

export interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: unknown;
}

type Answer = unknown | ((asked: Asked) => unknown);
export type Routes = Record<string, Answer>;

export class Problem {
  readonly status: number;
  readonly body: Record<string, unknown>;
  constructor(status: number, code: string, detail: string, errors: unknown[] = []) {
    this.status = status;
    this.body = { type: "about:blank", title: code, status, code, detail, errors };
  }
}

/** Never answers: the request hangs. */
export const hangs = () => new Promise(() => {});
/** The connection is refused. */
export const refuses = () => {
  throw new TypeError("fetch failed");
};

const quiet: Routes = {
  "GET /api/session": samples.signedIn,
  "GET /api/health/detailed": () => samples.health(),
  "GET /api/services": samples.liveListing([]),
  "GET /api/services/live": samples.liveListing([]),
  "GET /api/nodes": samples.liveListing([samples.node({})]),
  "GET /api/deployments": samples.listing([]),
  "GET /api/timeline": samples.listing([]),
  "GET /api/registries": samples.listing([samples.registry({})]),
  "GET /api/registry/repositories": samples.registryListing([]),
  "GET /api/projects": samples.projectListing([]),
  "GET /api/builds": samples.listing([]),
  "GET /api/approvals": samples.listing([]),
  "GET /api/backups": samples.listing([]),
  "GET /api/schemas/service-definition.json": {},
  "POST /api/drafts": draft,
};

/** Reads no YAML: what a form sends comes back with its values in the text. */
function draft({ body }: Asked) {
  const { yaml = "", definition } = body as { yaml?: string; definition?: Record<string, unknown> };
  if (definition === undefined) return { yaml, definition: flat(yaml), errors: [] };
  const name = typeof definition["name"] === "string" ? definition["name"] : "";
  return { yaml: toYaml(name, definition), definition, errors: [] };
}

/** The plain keys at the top of a text. */
const flat = (yaml: string) =>
  Object.fromEntries(
    [...yaml.matchAll(/^(\w+): *(.*)$/gm)].map(([, key, value = ""]) => [
      key,
      /^\d+$/.test(value) ? Number(value) : value,
    ]),
  );

/** Stands in for the server. Later changes to `routes` count at the next request. */
export function network(routes: Routes): { asked: Asked[]; routes: Routes } {
  const table: Routes = { ...quiet, ...routes };
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (input: Request) => {
    const url = new URL(input.url);
    const text = await input.text();
    const request: Asked = {
      method: input.method,
      path: url.pathname,
      query: url.searchParams,
      headers: input.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    asked.push(request);
    const found = table[`${request.method} ${request.path}`];
    if (found === undefined)
      return json(404, new Problem(404, "not_found", `Nothing at ${request.path}.`).body);
    const answer: unknown = await (typeof found === "function" ? found(request) : found);
    if (answer instanceof Problem) return json(answer.status, answer.body);
    if (answer instanceof Response) return answer;
    return json(200, answer);
  });
  return { asked, routes: table };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": status >= 400 ? "application/problem+json" : "application/json", ...headers },
  });
}
