// A rollout, slot by slot: what ran before, what runs now, and how far it is.
import type { Deployment, Task } from "@/api/types";
import { isFinal, type Tone, taskMeaning } from "./status";

export interface RolloutSlot {
  key: string;
  /** The slot's number, or the node of a global service. */
  label: string;
  old: Task | null;
  now: Task | null;
  tone: Tone;
  word: string;
  /** Tasks of the new specification that ended badly here before. */
  failures: number;
  error: string | null;
  /** Part of the goal: slots that are scaled away are not. */
  counts: boolean;
  done: boolean;
}

export interface Rollout {
  slots: RolloutSlot[];
  done: number;
  total: number;
  /** Seconds until all is new at the pace so far; null when nobody can tell. */
  left: number | null;
}

const WANTED = new Set(["running", "ready", "complete"]);
const BAD = new Set(["failed", "rejected", "orphaned"]);
const newestFirst = (a: Task, b: Task) => b.created_at.localeCompare(a.created_at);
const slotOf = (task: Task) =>
  task.slot !== null ? String(task.slot) : (task.node ?? task.name.replace(/^.*\./, ""));

function oneSlot(key: string, tasks: Task[], deployment: Deployment, beyond: boolean): RolloutSlot {
  const began = new Date(deployment.sent_at ?? deployment.created_at).getTime();
  const isNew = (task: Task) => task.up_to_date && new Date(task.created_at).getTime() >= began;
  const sorted = [...tasks].sort(newestFirst);
  const fresh = sorted.filter(isNew);
  const now = fresh.find((task) => WANTED.has(task.desired_state)) ?? fresh[0] ?? null;
  const old = sorted.find((task) => !isNew(task)) ?? null;
  const failed = fresh.filter((task) => BAD.has(task.state));
  const slot = {
    key,
    label: key,
    old,
    now,
    failures: failed.length,
    error: failed[0] === undefined || now?.state === "running" ? null : told(failed[0]),
    counts: !beyond,
    done: false,
  };
  if (now !== null) {
    const meaning = taskMeaning(now.state);
    const done = now.state === "running" || now.state === "complete";
    const waits = now.state === "pending" && now.error !== "";
    return {
      ...slot,
      ...meaning,
      tone: now.state === "complete" ? "ok" : waits ? "warn" : meaning.tone,
      done,
      error: done ? null : (slot.error ?? (now.error === "" ? null : now.error)),
    };
  }
  if (old === null) return { ...slot, tone: "off", word: "not begun" };
  const wanted = WANTED.has(old.desired_state);
  if (beyond) return { ...slot, tone: "off", word: old.state === "running" ? "ending" : "ended" };
  if (!wanted) return { ...slot, tone: "wait", word: "stopping the old one" };
  if (deployment.restarts_tasks) return { ...slot, tone: "wait", word: "waits its turn" };
  const stays = old.state === "running" || old.state === "complete";
  return {
    ...slot,
    ...(stays ? { tone: "ok" as const, word: "stays" } : taskMeaning(old.state)),
    done: stays,
  };
}

const told = ({ error, message, exit_code: code }: Task) =>
  code !== null && code !== 0 ? `exit code ${code}` : error !== "" ? error : message;

/** `desired`: how many there are to be; of a global service as many as there are nodes for it. */
export function rolloutOf(
  deployment: Deployment,
  tasks: readonly Task[],
  desired: number,
  now: number,
): Rollout {
  const began = deployment.sent_at ?? deployment.created_at;
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = slotOf(task);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  const numbered = tasks.length === 0 || tasks.some(({ slot }) => slot !== null);
  const alive = [...groups.values()].filter((group) =>
    group.some((task) => WANTED.has(task.desired_state)),
  ).length;
  // Slots the swarm has not made yet are part of the way, too.
  if (numbered && deployment.kind !== "stop")
    for (let slot = 1, missing = desired - alive; missing > 0 && slot <= desired; slot += 1)
      if (!groups.has(String(slot))) {
        groups.set(String(slot), []);
        missing -= 1;
      }
  const slots = [...groups].flatMap(([key, group]) => {
    const wanted = group.length === 0 || group.some((task) => WANTED.has(task.desired_state));
    const lately = group.some((task) => task.state_changed_at >= began || task.created_at >= began);
    const beyond = !wanted && (deployment.kind === "stop" || Number(key) > desired || alive >= desired);
    // History of slots that were scaled away before.
    if (beyond && !lately) return [];
    return [oneSlot(key, group, deployment, beyond)];
  });
  slots.sort((a, b) => a.key.localeCompare(b.key, "en", { numeric: true }));
  const counting = slots.filter(({ counts }) => counts);
  const done = counting.filter((slot) => slot.done).length;
  const total = deployment.kind === "stop" ? slots.length : counting.length;
  const ended = slots.filter(({ word }) => word === "ended").length;
  return {
    slots,
    total,
    done: deployment.kind === "stop" ? ended : done,
    left: secondsLeft(deployment, counting, now),
  };
}

function secondsLeft(deployment: Deployment, slots: readonly RolloutSlot[], now: number): number | null {
  const made = slots.filter((slot) => slot.done && slot.now !== null).length;
  const missing = slots.filter((slot) => !slot.done).length;
  if (made < 2 || missing === 0 || deployment.sent_at === null || isFinal(deployment.state)) return null;
  if (slots.some(({ failures }) => failures > 0)) return null;
  const took = (now - new Date(deployment.sent_at).getTime()) / 1000;
  return (took / made) * missing;
}

const verbs: Record<Deployment["kind"], string> = {
  deploy: "new",
  restart: "new",
  rollback: "back",
  scale: "running",
  stop: "ended",
};

/** `4 of 6 new` */
export const progressWords = (
  { kind, state }: Pick<Deployment, "kind" | "state">,
  { done, total }: Rollout,
) => `${done} of ${total} ${state === "rolled_back" ? verbs.rollback : verbs[kind]}`;
