// Who did what, who is signed in, and the recorded changes of services.
import { body, http } from "./client";
import type { AuditEntry, Deployment, DeploymentState } from "./types";

export interface DeploymentFilter {
  service?: string;
  state?: DeploymentState[];
  kind?: Deployment["kind"];
  by?: string;
}

export interface AuditFilter {
  by?: string;
  action?: string;
  target?: string;
  outcome?: AuditEntry["outcome"];
  before?: number;
}

export const activity = {
  audit: (query: AuditFilter & { limit: number }, signal?: AbortSignal) =>
    body(http.GET("/api/audit", { params: { query }, ...(signal && { signal }) })),
  signIns: (signal: AbortSignal) => body(http.GET("/api/sessions", { signal })),
  endSignIn: (id: string) =>
    body(http.DELETE("/api/sessions/{session_id}", { params: { path: { session_id: id } } })),
  deployments: (query: DeploymentFilter & { limit: number }, signal: AbortSignal) =>
    body(http.GET("/api/deployments", { params: { query }, signal })),
};
