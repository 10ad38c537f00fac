// What tokens may do, in words.
import type { TokenScope } from "@/api/types";

export const scopes = ["read", "operate", "admin"] as const satisfies TokenScope[];

export const scopeMeaning: Record<TokenScope, string> = {
  read: "Look at everything: services, nodes, logs, definitions, images, activity. It changes nothing.",
  operate: "Also change services, nodes, images and builds: deploy, scale, stop, edit, drain, delete.",
  admin: "Also decide about other callers, registries and the swarm’s machines: everything there is.",
};

/** What one should know before such a token is given away. */
export function scopeWarning(scope: TokenScope, asks: boolean): string | null {
  if (scope === "read")
    return "Logs and definitions are shown as they are: a password that stands in one of them is read, too.";
  const root =
    "Whoever may deploy a service of their own choosing is root on the cluster: a definition can mount a node’s disk.";
  const asked = asks
    ? "Such an act waits for you; an approval that nobody reads protects nothing."
    : "It does that without asking anybody.";
  if (scope === "operate") return `${root} ${asked}`;
  return `${root} With admin it can also make more tokens, read how machines join the swarm, and remove nodes. ${asked}`;
}

/** A newer server may know more. */
export const isScope = (text: string): text is TokenScope => scopes.some((known) => known === text);
