// What agents want to do and a person decides about.
import { body, http } from "./client";

const of = (id: string) => ({ params: { path: { approval_id: id } } });

export const approvals = {
  list: (query: { waiting?: boolean; limit: number }, signal: AbortSignal) =>
    body(http.GET("/api/approvals", { params: { query }, signal })),
  approve: (id: string) => body(http.POST("/api/approvals/{approval_id}/approve", of(id))),
  refuse: (id: string) => body(http.POST("/api/approvals/{approval_id}/refuse", of(id))),
};
