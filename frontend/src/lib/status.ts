// The status vocabulary: one word, one tone and one rank for every state there is.
import type { BuildState, DeploymentState, Service, ServiceStatus, StatusReason } from "@/api/types";

export type Tone = "ok" | "move" | "wait" | "warn" | "bad" | "off";

export interface Meaning {
  tone: Tone;
  word: string;
}

export const serviceStatuses = [
  "failed",
  "broken",
  "degraded",
  "pending",
  "updating",
  "running",
  "stopped",
] as const satisfies readonly ServiceStatus[];

const serviceTone: Record<ServiceStatus, Tone> = {
  running: "ok",
  updating: "move",
  pending: "wait",
  degraded: "warn",
  failed: "bad",
  broken: "bad",
  stopped: "off",
};

/** Reasons that change what the status means for the reader; the others are told by the message. */
const reasonWord: Partial<Record<StatusReason, string>> = {
  complete: "complete",
  never_deployed: "never deployed",
  removed: "removed",
  scaled_to_zero: "scaled to 0",
  rolling_back: "rolling back",
  rolled_back: "rolled back",
  update_paused: "update paused",
  node_down: "node down",
  no_suitable_node: "no node fits",
  rejected: "rejected",
  non_zero_exit: "exited",
  restarting: "restarting",
  not_known_yet: "not known yet",
};

export function serviceMeaning(service: Pick<Service, "status" | "reason">): Meaning & { reason?: string } {
  const meaning: Meaning = { tone: serviceTone[service.status], word: service.status };
  const reason = service.reason === null ? undefined : reasonWord[service.reason];
  return reason === undefined ? meaning : { ...meaning, reason };
}

const problemStatuses = new Set<ServiceStatus>(["failed", "broken", "degraded", "pending"]);
const passing = new Set<StatusReason>(["starting", "not_known_yet"]);

/** Whether a person should look; a service that only just starts is left alone. */
export const needsAttention = ({ status, reason }: Pick<Service, "status" | "reason">) =>
  problemStatuses.has(status) && !(status === "pending" && reason !== null && passing.has(reason));

/** Problems come first, worst on top; the rest share one rank, so that rows do not jump while they change. */
export const attentionRank = (service: Pick<Service, "status" | "reason">) =>
  needsAttention(service) ? serviceStatuses.indexOf(service.status) : serviceStatuses.length;

const deploymentMeanings: Record<DeploymentState, Meaning> = {
  accepted: { tone: "wait", word: "accepted" },
  rolling_out: { tone: "move", word: "rolling out" },
  succeeded: { tone: "ok", word: "succeeded" },
  failed: { tone: "bad", word: "failed" },
  stuck: { tone: "warn", word: "stuck" },
  rolled_back: { tone: "warn", word: "rolled back" },
  superseded: { tone: "off", word: "superseded" },
  unknown: { tone: "warn", word: "unknown" },
};

export const deploymentStates = Object.keys(deploymentMeanings) as DeploymentState[];
export const deploymentMeaning = (state: DeploymentState) => deploymentMeanings[state];
export const isFinal = (state: DeploymentState) => state !== "accepted" && state !== "rolling_out";

const buildMeanings: Record<BuildState, Meaning> = {
  queued: { tone: "wait", word: "queued" },
  packing: { tone: "move", word: "packing" },
  building: { tone: "move", word: "building" },
  pushing: { tone: "move", word: "pushing" },
  verifying: { tone: "move", word: "verifying" },
  succeeded: { tone: "ok", word: "succeeded" },
  failed: { tone: "bad", word: "failed" },
  cancelled: { tone: "off", word: "cancelled" },
  interrupted: { tone: "warn", word: "interrupted" },
};

export const buildStates = Object.keys(buildMeanings) as BuildState[];
export const buildMeaning = (state: BuildState) => buildMeanings[state];
export const isBuildFinal = (state: BuildState) => {
  const { tone } = buildMeanings[state];
  return tone !== "wait" && tone !== "move";
};

export function taskMeaning(state: string): Meaning {
  switch (state) {
    case "running":
      return { tone: "ok", word: state };
    case "new":
    case "pending":
    case "assigned":
    case "accepted":
      return { tone: "wait", word: state };
    case "preparing":
    case "ready":
    case "starting":
      return { tone: "move", word: state };
    case "failed":
    case "rejected":
    case "orphaned":
      return { tone: "bad", word: state };
    default:
      return { tone: "off", word: state };
  }
}

export function nodeMeaning(node: { state: string; availability: string }): Meaning {
  if (node.state === "down") return { tone: "bad", word: "down" };
  if (node.state !== "ready") return { tone: "warn", word: node.state };
  if (node.availability === "drain") return { tone: "wait", word: "drained" };
  if (node.availability === "pause") return { tone: "wait", word: "paused" };
  return { tone: "ok", word: "ready" };
}

/** Drawn marks of a service's slots; beyond `most` the bar becomes proportional. */
export function slotTones(
  service: Pick<Service, "status" | "desired" | "running" | "completed">,
  most = 12,
): Tone[] {
  const { desired, running, completed } = service;
  const total = Math.max(desired, running + completed);
  if (total === 0) return ["off"];
  const missing: Tone = service.status === "stopped" ? "off" : serviceTone[service.status];
  const lacking: Tone = missing === "ok" ? "wait" : missing;
  const counts: [Tone, number][] = [
    ["ok", running],
    ["off", completed],
    [lacking, total - running - completed],
  ];
  const scale = total > most ? most / total : 1;
  const tones = counts.flatMap(([tone, count]) => {
    // A single missing replica of a thousand must still be seen.
    const drawn = count === 0 ? 0 : Math.max(1, Math.round(count * scale));
    return Array.from({ length: drawn }, () => tone);
  });
  while (tones.length > most) tones.splice(tones.indexOf(tones[0] ?? "ok"), 1);
  return tones;
}

export function replicaWords(service: Pick<Service, "desired" | "running" | "completed" | "mode">): string {
  const { desired, running, completed, mode } = service;
  if (mode.endsWith("-job")) {
    return running > 0 ? `${running} running, ${completed} done` : `${completed} / ${desired} done`;
  }
  return desired === 0 && running === 0 ? "0" : `${running} / ${desired}`;
}
