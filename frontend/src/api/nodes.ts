// Nodes, what changes them, how machines join, and the tasks that take them up.
import { body, http } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type MapTask = Schemas["MapTask"];
export type SwarmSettings = Schemas["SwarmOut"];
export type JoinCommand = Schemas["JoinCommand"];
export type Role = JoinCommand["role"];
export type Labels = Readonly<Record<string, string>>;

/** More squares than this no screen holds; the answer says how many there are. */
const MOST_TASKS = 10_000;
const of = (node: string) => ({ params: { path: { node } } });

export const nodesApi = {
  tasks: (services: readonly string[], signal?: AbortSignal) =>
    body(
      http.GET("/api/tasks", {
        params: { query: { limit: MOST_TASKS, ...(services.length > 0 && { service: [...services] }) } },
        ...(signal && { signal }),
      }),
    ),
  pause: (id: string) => body(http.POST("/api/nodes/{node}/pause", of(id))),
  drain: (id: string) => body(http.POST("/api/nodes/{node}/drain", of(id))),
  activate: (id: string) => body(http.POST("/api/nodes/{node}/activate", of(id))),
  promote: (id: string) => body(http.POST("/api/nodes/{node}/promote", of(id))),
  demote: (id: string) => body(http.POST("/api/nodes/{node}/demote", of(id))),
  remove: (id: string, force: boolean) =>
    body(http.DELETE("/api/nodes/{node}", { params: { path: { node: id }, query: { force } } })),
  label: (id: string, labels: Labels) =>
    body(http.PUT("/api/nodes/{node}/labels", { ...of(id), body: { labels: { ...labels } } })),
  drainPreview: (id: string, signal: AbortSignal) =>
    body(http.GET("/api/nodes/{node}/drain-preview", { ...of(id), signal })),
  rolePreview: (id: string, role: Role, signal: AbortSignal) =>
    body(
      http.GET("/api/nodes/{node}/role-preview", { params: { path: { node: id }, query: { role } }, signal }),
    ),
  labelsPreview: (id: string, labels: Labels, signal: AbortSignal) =>
    body(
      http.POST("/api/nodes/{node}/labels-preview", { ...of(id), body: { labels: { ...labels } }, signal }),
    ),
  swarm: (signal: AbortSignal) => body(http.GET("/api/swarm", { signal })),
  joinCommand: (role: Role, rotate: boolean) =>
    body(http.POST("/api/swarm/join-command", { body: { role, rotate } })),
};
