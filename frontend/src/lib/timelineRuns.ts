// What happens again and again, told once: a task that crashes in a loop must not push everything else away.
import type { TimelineEntry } from "@/api/types";

export interface Run {
  /** The newest of them. */
  entry: TimelineEntry;
  times: number;
  /** When the oldest of them was. */
  since: string;
}

/** What became of a task of the service, whichever task it was, on whichever node and from whichever state. */
function keyOf({ service, severity, text }: TimelineEntry): string {
  const arrow = text.lastIndexOf("→");
  return `${service} ${severity} ${arrow === -1 ? text : text.slice(arrow)}`;
}

/** At most `most`, newest first; only tasks repeat themselves, what people did is told one by one. */
export function runsOf(entries: readonly TimelineEntry[], most: number): Run[] {
  const runs = new Map<string, Run>();
  for (const entry of entries) {
    const key = entry.kind === "task" ? keyOf(entry) : entry.id;
    const run = runs.get(String(key));
    if (run === undefined) runs.set(String(key), { entry, times: 1, since: entry.at });
    else {
      run.times += 1;
      run.since = entry.at;
    }
  }
  return [...runs.values()].slice(0, most);
}
