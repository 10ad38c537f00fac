// Calls about definitions while they are written.
import { body, http } from "./client";

export const definitions = {
  check: (draft: { name: string; yaml: string; definition?: Record<string, unknown> }, signal: AbortSignal) =>
    body(http.POST("/api/drafts", { body: draft, signal })),
  /** The JSON Schema of a definition. */
  schema: (signal: AbortSignal) => body(http.GET("/api/schemas/service-definition.json", { signal })),
};
