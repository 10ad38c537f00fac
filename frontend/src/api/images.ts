// Registries, projects and builds: what is pulled, what it is made of, how it came to be.
import { body, everything, http } from "./client";
import type { BuildFilter } from "./types";

export interface TagQuery {
  registry?: string;
  match?: string;
  limit: number;
}
/** What is left out stays as it is; null takes it away. */
export interface RegistryChange {
  url?: string;
  username?: string | null;
  password?: string | null;
  identity_token?: string;
}
export interface BuildRequest {
  deploy?: boolean;
  no_cache?: boolean;
  target?: string;
  platforms?: string[];
}

/** A repository's name has slashes that belong to the path. */
const bySlashes = {
  pathSerializer: (path: string, params: Record<string, unknown>) =>
    path.replace(/\{(\w+)\}/g, (_all, key: string) =>
      String(params[key]).split("/").map(encodeURIComponent).join("/"),
    ),
};
const of = (registry: string | undefined) => (registry === undefined ? {} : { registry });

/** Where the output of a build is followed or downloaded: by the browser itself, not by a call of ours. */
export const buildLogAddress = (id: string, how: "stream" | "download") =>
  `/api/builds/${encodeURIComponent(id)}/log${how === "stream" ? "/stream" : "?download=true"}`;

export const images = {
  registries: (signal: AbortSignal) => body(http.GET("/api/registries", { signal })),
  putRegistry: (host: string, change: RegistryChange) =>
    body(http.PUT("/api/registries/{host}", { params: { path: { host } }, body: change })),
  removeRegistry: (host: string) =>
    body(http.DELETE("/api/registries/{host}", { params: { path: { host } } })),

  repositories: (registry: string | undefined, signal: AbortSignal) =>
    everything((page) =>
      body(
        http.GET("/api/registry/repositories", { params: { query: { ...of(registry), ...page } }, signal }),
      ),
    ),
  tags: (name: string, query: TagQuery, signal: AbortSignal) =>
    body(
      http.GET("/api/registry/repositories/{name}/tags", {
        params: { path: { name }, query },
        signal,
        ...bySlashes,
      }),
    ),
  deleteTag: (name: string, tag: string, registry: string | undefined, confirm?: string) =>
    body(
      http.DELETE("/api/registry/repositories/{name}/tags/{tag}", {
        params: {
          path: { name, tag },
          query: { ...of(registry), ...(confirm !== undefined && { confirm }) },
        },
        ...bySlashes,
      }),
    ),

  projects: (signal: AbortSignal) =>
    everything((query) => body(http.GET("/api/projects", { params: { query }, signal }))),
  project: (name: string, signal: AbortSignal) =>
    body(http.GET("/api/projects/{name}", { params: { path: { name } }, signal })),

  build: (service: string, request: BuildRequest) =>
    body(
      http.POST("/api/services/{name}/build", {
        params: { path: { name: service } },
        body: { deploy: false, no_cache: false, ...request },
      }),
    ),
  builds: (query: BuildFilter & { limit: number }, signal: AbortSignal) =>
    body(http.GET("/api/builds", { params: { query }, signal })),
  buildOf: (id: string, signal?: AbortSignal) =>
    body(
      http.GET("/api/builds/{build_id}", { params: { path: { build_id: id } }, ...(signal && { signal }) }),
    ),
  cancelBuild: (id: string) =>
    body(http.DELETE("/api/builds/{build_id}", { params: { path: { build_id: id } } })),
  pushAgain: (id: string) =>
    body(http.POST("/api/builds/{build_id}/push", { params: { path: { build_id: id } } })),
};
