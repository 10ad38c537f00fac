// What needs attention, gathered: twelve services with the same trouble are one problem with twelve names.
import type { AttentionItem, Deployment, Service } from "@/api/types";
import { plural } from "./format";
import { deploymentMeaning, nodeMeaning, serviceMeaning, type Tone } from "./status";

export interface Trouble {
  key: string;
  /** Of the same sort, in the order of the report: worst first. */
  items: AttentionItem[];
  tone: Tone;
  word: string;
  reason?: string;
  title: string;
  /** The oldest of them. */
  since: string | null;
  cause: string | null;
  evidence: string[];
}

/** Fewer than this are told one by one. */
const ALIKE = 3;

/** A cause without the names in it, so that the same on another node or of another service is the same. */
function sort({ cause, service, node }: AttentionItem): string {
  let text = cause ?? "";
  // Names are of letters, digits, dots and hyphens; the dots must not match anything.
  for (const name of [service, node])
    if (name)
      text = text.replace(new RegExp(`(?<![\\w-])${name.replaceAll(".", "\\.")}(?![\\w-])`, "g"), "…");
  return text
    .replace(/ on [\w.-]+(?=[.:, ]|$)/g, "")
    .replace(/^[\w.-]+ does not answer/, "… does not answer");
}

function keyOf(item: AttentionItem): string {
  const { kind, status, reason, node_id, registry } = item;
  if (kind === "service") return `service ${status} ${reason} ${sort(item)}`;
  if (kind === "node") return `node ${item.severity} ${sort(item)}`;
  return `${kind} ${node_id ?? registry ?? ""}`;
}

const reasonTitle: Partial<Record<NonNullable<Service["reason"]>, string>> = {
  no_suitable_node: "no suitable node",
  rejected: "rejected by their nodes",
  non_zero_exit: "end with an error",
  restarting: "restart again and again",
  node_down: "on a node that does not answer",
  update_paused: "update paused",
  rolled_back: "newest change rolled back",
  unreadable_definition: "definition cannot be read",
  too_few_replicas: "too few replicas",
};

const kindWord = {
  engine: "no engine",
  picture: "old picture",
  quorum: "quorum",
  registry: "registry",
  backup: "no backup",
  copy: "not copied",
};
const kindTitle = {
  engine: "Docker engine",
  picture: "Picture of the cluster",
  quorum: "Managers",
  backup: "Backups of our state",
  copy: "Copy of our state in the swarm",
};

function heading(items: readonly AttentionItem[]): Pick<Trouble, "tone" | "word" | "title" | "reason"> {
  const [first] = items;
  if (first === undefined) throw new Error("a trouble of nothing");
  const { kind, status, reason } = first;
  if (kind === "service") {
    // What runs is well; what was wanted is not.
    const meaning =
      reason === "rolled_back"
        ? deploymentMeaning(reason)
        : serviceMeaning({ status: status ?? "failed", reason: reason ?? null });
    const what = reason == null ? undefined : reasonTitle[reason];
    return {
      ...meaning,
      title:
        items.length === 1
          ? (first.service ?? "")
          : `${plural(items.length, "service")}: ${what ?? meaning.word}`,
    };
  }
  if (kind === "node") {
    const { tone, word } = nodeMeaning({
      state: first.severity === "bad" ? "down" : "unknown",
      availability: "active",
    });
    return {
      tone,
      word: `node ${word}`,
      title: items.length === 1 ? (first.node ?? "") : `${plural(items.length, "node")} ${word}`,
    };
  }
  return {
    tone: first.severity,
    word: kindWord[kind],
    title: kind === "registry" ? (first.registry ?? "") : kindTitle[kind],
  };
}

const bare = (said: string) =>
  said.replace(/ \(\d+ times\)$/, "").replace(/ on [\w-]+(?:\.[\w-]+)*(?=[.:]|$)/, "");

/** Whether a piece of evidence says of one task what the cause says already, be it on another node. */
export const restates = (evidence: string, cause: string | null | undefined) =>
  cause != null && bare(evidence).endsWith(bare(cause));

/** What the newest task that failed wrote last. Of a change that came up nothing: what fails now is another thing. */
export function lastWords({ state, evidence }: Pick<Deployment, "state" | "evidence">) {
  if (!["failed", "stuck", "rolled_back"].includes(state)) return null;
  for (const { task, log } of [...evidence].reverse()) {
    const line = log.findLast((text) => text.trim() !== "");
    if (line !== undefined) return { task, line };
  }
  return null;
}

export function troubles(report: readonly AttentionItem[]): Trouble[] {
  const groups = new Map<string, AttentionItem[]>();
  for (const item of report) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups].flatMap(([key, items]) =>
    items.length < ALIKE
      ? items.map((item) => gathered(`${key} ${item.service ?? item.node_id ?? ""}`, [item]))
      : [gathered(key, items)],
  );
}

function gathered(key: string, items: AttentionItem[]): Trouble {
  const [first] = items;
  const times = items.flatMap(({ since }) => (since === null ? [] : [since])).sort();
  return {
    key,
    items,
    ...heading(items),
    since: times[0] ?? null,
    cause: first?.cause ?? null,
    evidence: first?.evidence ?? [],
  };
}
