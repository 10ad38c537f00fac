// What can be done to a node, what each act is called, and why it may be impossible.
import type { Node } from "@/api/types";
import { quoted } from "./dockerCommands";
import type { Permission } from "./permissions";

export const nodeActs = ["drain", "pause", "activate", "promote", "demote", "remove"] as const;
export type NodeAct = (typeof nodeActs)[number];

export const actWord: Record<NodeAct, string> = {
  drain: "Drain",
  pause: "Pause",
  activate: "Activate",
  promote: "Promote",
  demote: "Demote",
  remove: "Remove",
};

export const nodeActNeeds = {
  drain: "operate",
  pause: "operate",
  activate: "operate",
  labels: "operate",
  promote: "admin",
  demote: "admin",
  remove: "admin",
} as const satisfies Record<NodeAct | "labels", Permission>;

type Known = Pick<
  Node,
  "id" | "hostname" | "role" | "availability" | "state" | "reachability" | "manager_address"
>;

/** The acts that would change something. */
export const actsFor = (node: Known): NodeAct[] =>
  nodeActs.filter((act) => {
    if (act === "promote") return node.role === "worker";
    if (act === "demote") return node.role === "manager";
    if (act === "activate") return node.availability !== "active";
    if (act === "pause") return node.availability === "active";
    if (act === "drain") return node.availability !== "drain";
    return true;
  });

/** Managers that have to agree before anything is decided. */
export const majority = (managers: number) => Math.floor(managers / 2) + 1;

/** Why the act would be refused, in a few words; null when it may be tried. */
export function hindrance(act: NodeAct, node: Known, all: readonly Known[]): string | null {
  const managers = all.filter(({ role }) => role === "manager");
  if (act === "remove") return node.role === "manager" ? "demote it first" : null;
  if (act !== "demote") return null;
  if (managers.length <= 1) return "the only manager";
  const left = managers.filter(({ id, reachability }) => id !== node.id && reachability === "reachable");
  return left.length < majority(managers.length - 1) ? "too few managers would be left" : null;
}

const numbers = ["none", "one", "two", "three", "four", "five"];
const word = (count: number) => numbers[count] ?? String(count);

/** What the number of managers means: `3 managers, one may fail`. */
export function quorumSentence(nodes: readonly Known[]): string {
  const managers = nodes.filter(({ role }) => role === "manager");
  const reachable = managers.filter(({ reachability }) => reachability === "reachable").length;
  const spare = reachable - majority(managers.length);
  const count = `${managers.length} ${managers.length === 1 ? "manager" : "managers"}`;
  if (managers.length === 0) return "No manager";
  const may =
    spare > 0 ? `${word(spare)} may fail` : managers.length === 1 ? "it may not fail" : "none may fail";
  if (spare < 0) return `${count}, ${reachable} reachable: the swarm decides nothing`;
  if (reachable < managers.length) return `${count}, ${reachable} reachable: ${may}`;
  return managers.length > 1 && managers.length % 2 === 0
    ? `${count}, ${may}; ${word(managers.length - 1)} would do as well`
    : `${count}, ${may}`;
}

const call = (node: Known) => quoted(node.hostname);
export function actCommand(act: NodeAct, node: Known, force = false): string {
  switch (act) {
    case "promote":
    case "demote":
      return `docker node ${act} ${call(node)}`;
    case "remove":
      return `docker node rm ${force ? "--force " : ""}${call(node)}`;
    default:
      return `docker node update --availability ${act === "activate" ? "active" : act} ${call(node)}`;
  }
}

type Labels = Readonly<Record<string, string>>;

/** One command that makes `before` into `after`. */
export function labelCommand(node: Known, before: Labels, after: Labels): string {
  const words = [
    ...Object.entries(after)
      .filter(([key, value]) => before[key] !== value)
      .flatMap(([key, value]) => ["--label-add", value === "" ? key : `${key}=${value}`]),
    ...Object.keys(before)
      .filter((key) => after[key] === undefined)
      .flatMap((key) => ["--label-rm", key]),
  ];
  return `docker node update ${words.map(quoted).join(" ")} ${call(node)}`;
}

export const sameLabels = (a: Labels, b: Labels) =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([key, value]) => b[key] === value);

export const doneWords = {
  drain: ["is drained", "Its tasks end here and start again elsewhere where they may."],
  pause: ["is paused", "It keeps its tasks and takes no new ones."],
  activate: ["is active", "It takes new tasks; running ones stay where they are."],
  promote: ["is a manager", "It has a vote and a copy of the swarm's state."],
  demote: ["is a worker", "It runs tasks and decides nothing."],
  remove: ["is removed", "The swarm has forgotten it."],
} as const satisfies Record<NodeAct, readonly [string, string]>;
