// Backups of the orchestrator's own state.
import { body, http } from "./client";

export const backups = {
  list: (signal: AbortSignal) => body(http.GET("/api/backups", { signal })),
  create: () => body(http.POST("/api/backups")),
  remove: (name: string) => body(http.DELETE("/api/backups/{name}", { params: { path: { name } } })),
};
