// What the audit says, in words, with the way to what it was done to.
import type { AuditEntry } from "@/api/types";
import type { Tone } from "./status";

const words: Record<string, string> = {
  "service.create": "created the definition of",
  "service.update": "changed the definition of",
  "service.delete": "deleted the definition of",
  "service.remove": "stopped and deleted the definition of",
  "service.deploy": "deployed",
  "service.scale": "scaled",
  "service.stop": "stopped",
  "service.restart": "restarted",
  "service.rollback": "rolled back",
  "service.build": "built the image of",
  "build.cancel": "cancelled the build",
  "build.push": "pushed the build",
  "node.drain": "drained",
  "node.activate": "activated",
  "node.pause": "paused",
  "node.promote": "promoted to manager",
  "node.demote": "demoted to worker",
  "node.label": "changed the labels of",
  "node.remove": "removed the node",
  "node.join_command": "read how to join as",
  "registry.put": "changed the registry",
  "registry.delete": "removed the registry",
  "registry.delete_image": "deleted the image",
  "approval.approve": "approved",
  "approval.refuse": "refused",
  create_token: "created the token",
  revoke_token: "revoked the token",
  list_tokens: "looked at the tokens",
  sign_in: "signed in as",
  sign_out: "signed out",
  "sign_in.end": "ended the sign-in",
  set_up: "set up the server as",
};

/** Groups of actions one can filter by: a whole one ends with a dot. */
export const actionChoices: [value: string, label: string][] = [
  ["service.", "all of services"],
  ...Object.keys(words)
    .filter((action) => action.startsWith("service."))
    .map((action): [string, string] => [action, action]),
  ["build.", "all of builds"],
  ["node.", "all of nodes"],
  ["registry.", "all of registries"],
  ["approval.", "all of approvals"],
  ["mcp.", "all calls of agents’ tools"],
  ["sign_in", "sign-ins"],
  ["sign_out", "sign-outs"],
  ["create_token", "tokens created"],
  ["revoke_token", "tokens revoked"],
];

/** A tool that an agent called keeps its name; what the call changed has entries of its own. */
export const isToolCall = (action: string) => action.startsWith("mcp.");

export const actionWords = (action: string) =>
  isToolCall(action)
    ? `called the tool ${action.slice("mcp.".length)}`
    : (words[action] ?? action.replaceAll(/[._]/g, " "));

export const outcomeMeaning: Record<AuditEntry["outcome"], { tone: Tone; word: string }> = {
  done: { tone: "ok", word: "done" },
  denied: { tone: "warn", word: "denied" },
  failed: { tone: "bad", word: "failed" },
  open: { tone: "wait", word: "open" },
};

export type TargetPlace =
  | { to: "/services/$name"; params: { name: string } }
  | { to: "/nodes/$id"; params: { id: string } }
  | { to: "/builds/$id"; params: { id: string } }
  | { to: "/approvals" }
  | { to: "/registry" }
  | { to: "/settings" };

/** Where the target can be looked at; null for what has no page. */
export function placeOf({ action, target }: Pick<AuditEntry, "action" | "target">): TargetPlace | null {
  if (target === "") return null;
  if (action.startsWith("service.") && !["service.delete", "service.remove"].includes(action))
    return { to: "/services/$name", params: { name: target } };
  if (action.startsWith("node.") && !["node.remove", "node.join_command"].includes(action))
    return { to: "/nodes/$id", params: { id: target } };
  if (action.startsWith("build.")) return { to: "/builds/$id", params: { id: target } };
  if (action.startsWith("approval.")) return { to: "/approvals" };
  if (action.startsWith("registry.")) return { to: "/registry" };
  if (action.endsWith("_token") || action.startsWith("sign_in")) return { to: "/settings" };
  return null;
}

const columns = [
  "id",
  "at",
  "closed_at",
  "actor_kind",
  "actor",
  "address",
  "client",
  "action",
  "target",
  "outcome",
  "code",
  "detail",
] as const satisfies (keyof AuditEntry)[];

/** A cell that a spreadsheet would take for a formula is made text; quotes are doubled. */
function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const toCsv = (entries: readonly AuditEntry[]) =>
  [columns.join(","), ...entries.map((entry) => columns.map((column) => cell(entry[column])).join(","))]
    .map((line) => `${line}\r\n`)
    .join("");
