// The one place that talks HTTP: typed by the OpenAPI document, problems thrown as ApiProblem.
import createClient from "openapi-fetch";
import { ApiProblem, noAnswer, problemFrom } from "./problem";
import type { paths } from "./schema";
import type { LogPage, NewToken } from "./types";

/** A connection that hangs looks like one that works, until then. A change may wait for the engine. */
const READ_WITHIN = 30_000;
const CHANGE_WITHIN = 60_000;

export const http = createClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: "same-origin",
  // Looked up at each call, so that tests can stand at the network's edge.
  fetch: (request) => {
    const deadline = AbortSignal.timeout(request.method === "GET" ? READ_WITHIN : CHANGE_WITHIN);
    return globalThis.fetch(request, { signal: AbortSignal.any([request.signal, deadline]) });
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function take<T>(call: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw noAnswer();
  }
  const { data, error, response } = answer;
  if (!response.ok) throw problemFrom(response.status, error);
  return { data: data as T, response };
}

export const body = async <T>(call: Promise<Answer<T>>) => (await take(call)).data;

/** The server's largest page; longer lists are fetched page by page. */
const PAGE = 10_000;

export async function everything<L extends { items: unknown[]; total: number }>(
  page: (query: { limit: number; offset: number }) => Promise<L>,
): Promise<L> {
  const first = await page({ limit: PAGE, offset: 0 });
  const items = [...first.items];
  while (items.length < first.total) {
    const next = await page({ limit: PAGE, offset: items.length });
    if (next.items.length === 0) break;
    items.push(...next.items);
  }
  return { ...first, items };
}

const revisionOf = (response: Response) => response.headers.get("ETag");
const ifMatch = (etag: string | null) => (etag === null ? {} : { "If-Match": etag });

export interface LogFilter {
  task?: string;
  node?: string;
  stream?: "stdout" | "stderr";
  match?: string;
}

/** Lines of the past: up to a moment or from one on, so many of the newest or of the oldest. */
export interface LogRead extends LogFilter {
  tail: number;
  since?: string;
  until?: string;
  oldest?: boolean;
}

/** Where a log is followed or downloaded: by the browser itself, not by a call of ours. */
export function logAddress(
  name: string,
  how: "stream" | "download",
  {
    level = [],
    ...query
  }: LogFilter & {
    tail: string;
    since?: string;
    until?: string;
    timestamps?: string;
    level?: readonly string[];
  },
): string {
  const path = `/api/services/${encodeURIComponent(name)}/logs`;
  const search = new URLSearchParams({ ...query, ...(how === "download" && { download: "true" }) });
  for (const each of level) search.append("level", each);
  return `${path}${how === "stream" ? "/stream" : ""}?${search}`;
}

export const api = {
  session: (signal?: AbortSignal) => body(http.GET("/api/session", { ...(signal && { signal }) })),
  setUp: (request: { code: string; username: string; password: string }) =>
    body(http.POST("/api/setup", { body: request })),
  signIn: (request: { username: string; password: string }) =>
    body(http.POST("/api/session", { body: request })),
  signOut: () => body(http.DELETE("/api/session")),

  tokens: (signal: AbortSignal) => body(http.GET("/api/tokens", { signal })),
  createToken: (request: NewToken) => body(http.POST("/api/tokens", { body: request })),
  revokeToken: (id: string) =>
    body(http.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } })),

  health: (signal: AbortSignal) => body(http.GET("/api/health/detailed", { signal })),

  catalog: (signal: AbortSignal) =>
    everything((query) => body(http.GET("/api/services", { params: { query }, signal }))),
  live: (signal: AbortSignal) =>
    everything((query) => body(http.GET("/api/services/live", { params: { query }, signal }))),
  service: async (name: string, signal: AbortSignal) => {
    const options = { params: { path: { name } }, signal };
    try {
      const { data, response } = await take(http.GET("/api/services/{name}", options));
      return { ...data, etag: revisionOf(response) };
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.code !== "not_in_catalog") throw error;
      return { ...(await body(http.GET("/api/services/live/{name}", options))), etag: null };
    }
  },
  /** Of the catalog alone; "nothing" when it has none of that name. */
  catalogEntry: (name: string) =>
    body(http.GET("/api/services/{name}", { params: { path: { name } } })).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 404) return "nothing" as const;
      throw error;
    }),
  createService: (name: string, yaml: string) => body(http.POST("/api/services", { body: { name, yaml } })),
  updateService: (name: string, yaml: string, etag: string | null) =>
    body(
      http.PUT("/api/services/{name}", {
        params: { path: { name } },
        headers: ifMatch(etag),
        body: { yaml },
      }),
    ),
  deleteService: (name: string, force: boolean) =>
    body(http.DELETE("/api/services/{name}", { params: { path: { name }, query: { force } } })),

  deploy: (name: string, adopt: boolean) =>
    body(http.POST("/api/services/{name}/deploy", { params: { path: { name } }, body: { adopt } })),
  stop: (name: string) => body(http.POST("/api/services/{name}/stop", { params: { path: { name } } })),
  scale: (name: string, replicas: number) =>
    body(http.POST("/api/services/{name}/scale", { params: { path: { name } }, body: { replicas } })),
  logs: (name: string, query: LogRead, signal?: AbortSignal) =>
    body(
      http.GET("/api/services/{name}/logs", {
        params: { path: { name }, query },
        ...(signal && { signal }),
        // The route can answer a text file as well, which leaves the type open.
      }) as Promise<Answer<LogPage>>,
    ),
  restart: (name: string) => body(http.POST("/api/services/{name}/restart", { params: { path: { name } } })),
  rollback: (name: string, revision: number | null) =>
    body(
      http.POST("/api/services/{name}/rollback", {
        params: { path: { name } },
        body: { to_revision: revision },
      }),
    ),
  revisions: (name: string, signal: AbortSignal) =>
    body(http.GET("/api/services/{name}/revisions", { params: { path: { name } }, signal })),
  revisionText: (name: string, revision: number, signal: AbortSignal) =>
    body(
      http.GET("/api/services/{name}/revisions/{revision}", { params: { path: { name, revision } }, signal }),
    ),
  timeline: (query: { service?: string; limit: number }, signal: AbortSignal) =>
    body(http.GET("/api/timeline", { params: { query }, signal })),

  deployments: (query: { service?: string; limit: number }, signal: AbortSignal) =>
    body(http.GET("/api/deployments", { params: { query }, signal })),
  /** With the server's clock, by which those of the last seconds are told from older ones. */
  newestDeployments: async (service: string) => {
    const query = { service, limit: 10 };
    const { data, response } = await take(http.GET("/api/deployments", { params: { query } }));
    return { items: data.items, now: Date.parse(response.headers.get("Date") ?? "") || Date.now() };
  },
  deployment: (id: string, signal: AbortSignal) =>
    body(http.GET("/api/deployments/{deployment_id}", { params: { path: { deployment_id: id } }, signal })),

  nodes: (signal: AbortSignal) =>
    everything((query) => body(http.GET("/api/nodes", { params: { query }, signal }))),
  node: (id: string, signal: AbortSignal) =>
    body(http.GET("/api/nodes/{node}", { params: { path: { node: id } }, signal })),
};
