// What the palette finds: things to go to, and acts on them.
import type { LucideIcon } from "lucide-react";
import type { Node, Service } from "@/api/types";
import { type NodeAct, nodeActs } from "@/lib/nodeActs";
import { rankOf, wordsOf } from "@/lib/ranking";
import type { ServiceAct } from "@/lib/serviceActs";

export interface Entry {
  /** `service:web`, `act:scale:web`; by this recents know it again. */
  key: string;
  /** What it is, in a word. */
  kind: string;
  label: string;
  icon: LucideIcon;
  /** What is said beside the label. */
  detail?: string;
  /** Why it cannot be chosen. */
  why?: string | null;
  /** Of a page: the keys that go there as well. */
  keys?: string;
  /** Searched besides the label. */
  words?: string;
  weight: number;
  run: () => void;
}

export type NodeDo = NodeAct | "labels";
export type On = { on: "service"; service: Service } | { on: "node"; node: Node };

/** An act of one kind of thing, and how it is asked for. */
export interface Verb {
  on: On["on"];
  act: ServiceAct | "logs" | NodeDo;
  word: string;
  /** Other words for the same. */
  also: readonly string[];
  /** What it asks for before anything happens. */
  needs: string;
}

const ofService = (act: ServiceAct | "logs", word: string, needs: string, ...also: string[]): Verb => ({
  on: "service",
  act,
  word,
  needs,
  also,
});
const nodeWords: Record<NodeDo, [word: string, needs: string, ...also: string[]]> = {
  drain: ["Drain", "names the tasks that move first", "evacuate"],
  pause: ["Pause", "asks first"],
  activate: ["Activate", "asks first", "undrain", "resume"],
  promote: ["Promote", "asks first", "manager"],
  demote: ["Demote", "asks first", "worker"],
  remove: ["Remove", "asks first", "delete", "rm"],
  labels: ["Edit labels of", "asks for labels", "label"],
};

const verbs: readonly Verb[] = [
  ofService("logs", "Logs of", "opens its logs", "log", "tail"),
  ofService("deploy", "Deploy", "at once", "start", "update", "apply"),
  ofService("scale", "Scale", "asks how many", "replicas"),
  ofService("restart", "Restart", "asks first", "force"),
  ofService("rollback", "Roll back", "asks to which", "rollback", "undo", "revert"),
  ofService("stop", "Stop", "asks first", "rm", "remove", "kill"),
  ofService("edit", "Edit", "opens its definition", "definition", "yaml", "change"),
  ofService("build", "Build", "asks for how"),
  ofService("add", "Add to catalog", "asks first", "register", "adopt"),
  ofService("delete", "Delete", "asks first"),
  ...[...nodeActs, "labels" as const].map((act): Verb => {
    const [word, needs, ...also] = nodeWords[act];
    return { on: "node", act, word, needs, also };
  }),
];

/** How well one word names the act; null when it does not. */
function names(word: string, verb: Verb): number | null {
  const all = [verb.word.toLowerCase(), ...verb.also];
  if (all.includes(word)) return 100;
  const [first] = all;
  if (first?.startsWith(word)) return 80;
  return word.length > 2 && all.some((each) => each.startsWith(word)) ? 60 : null;
}

export interface Group {
  label: string;
  items: Entry[];
}

interface Sources {
  /** Everything one can go to, and acts on nothing in particular. */
  entries: readonly Entry[];
  /** What acts may be about, with its name. */
  things: readonly { name: string; on: On }[];
  /** What is open below the palette. */
  here: { name: string; on: On } | null;
  recent: readonly string[];
  act: (verb: Verb, on: On) => Entry | null;
}

const FOUND = 30;
const ACTS = 12;
const BESIDE = 10;
const byScore = (a: readonly [number, Entry], b: readonly [number, Entry]) => b[0] - a[0];

const actsOn = ({ act }: Sources, { on }: { on: On }) =>
  verbs.filter((verb) => verb.on === on.on).flatMap((verb) => act(verb, on) ?? []);

/** What stands in the list for what was typed, best first. */
export function groupsFor(typed: string, sources: Sources): Group[] {
  const { entries, things, here, recent } = sources;
  const words = wordsOf(typed);
  if (words.length === 0) {
    const known = new Map(entries.map((entry) => [entry.key, entry]));
    const lately = recent.flatMap((key) => known.get(key) ?? []);
    return [
      ...(here === null ? [] : [{ label: here.name, items: actsOn(sources, here) }]),
      { label: "Lately", items: lately },
      { label: "Go to", items: entries.filter(({ kind }) => kind === "page") },
      { label: "This page", items: entries.filter(({ kind }) => kind === "act") },
    ].filter(({ items }) => items.length > 0);
  }
  const found = entries
    .flatMap((entry) => {
      const said = rankOf(words, entry.label);
      // What only stands beside the label is a weaker hit.
      const beside =
        said === null && entry.words !== undefined ? rankOf(words, `${entry.label} ${entry.words}`) : null;
      const score = said ?? (beside === null ? null : beside - BESIDE);
      if (score === null) return [];
      const lately = recent.includes(entry.key) ? 5 : 0;
      return [[score + entry.weight + lately, entry] as const];
    })
    .sort(byScore)
    .slice(0, FOUND);
  const acts = verbs
    .flatMap((verb) =>
      words.flatMap((word, at) => {
        const verbScore = names(word, verb);
        if (verbScore === null) return [];
        const rest = words.filter((_word, other) => other !== at);
        const about =
          rest.length > 0
            ? things.flatMap(({ name, on }) => {
                const score = on.on === verb.on ? rankOf(rest, name) : null;
                return score === null ? [] : [[score, on] as const];
              })
            : things.flatMap(({ name, on }) =>
                on.on !== verb.on
                  ? []
                  : [[name === here?.name ? 100 : recent.includes(`${on.on}:${name}`) ? 60 : 0, on] as const],
              );
        return about
          .sort(([a], [b]) => b - a)
          .slice(0, ACTS)
          .flatMap(([score, on]) => {
            const entry = sources.act(verb, on);
            return entry === null ? [] : [[(score + verbScore) / 2, entry] as const];
          });
      }),
    )
    .sort(byScore);
  const once = [...new Map(acts.map(([score, entry]) => [entry.key, [score, entry] as const])).values()]
    .sort(byScore)
    .slice(0, ACTS);
  const [top] = found;
  const best = things.find(({ name, on }) => top !== undefined && top[1].key === `${on.on}:${name}`);
  const groups: (Group & { score: number })[] = [
    { label: "Found", items: found.map(([, entry]) => entry), score: found[0]?.[0] ?? 0 },
    { label: "Acts", items: once.map(([, entry]) => entry), score: once[0]?.[0] ?? 0 },
  ];
  const ordered = groups.filter(({ items }) => items.length > 0).sort((a, b) => b.score - a.score);
  const first = ordered[0];
  if (best === undefined || first?.label !== "Found") return ordered;
  // What one looked for is one step away from what one wants of it.
  const [head, ...others] = first.items;
  return [
    { label: "Best", items: head === undefined ? [] : [head] },
    { label: best.name, items: actsOn(sources, best) },
    { label: "Found", items: others },
    ...ordered.slice(1),
  ].filter(({ items }) => items.length > 0);
}
