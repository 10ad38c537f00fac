// The list of tasks, with what changed put in its place.
import type { MapTask } from "@/api/nodes";

interface TaskList {
  items: MapTask[];
  total: number;
}

const same = (a: MapTask, b: MapTask) =>
  a.state === b.state &&
  a.node_id === b.node_id &&
  a.stopping === b.stopping &&
  a.error === b.error &&
  a.name === b.name &&
  a.state_changed_at === b.state_changed_at;

/** The tasks of these services as they are now; one that did not change keeps its identity. */
export function patchTasks<L extends TaskList>(list: L, services: ReadonlySet<string>, now: MapTask[]): L {
  const before = new Map<string, MapTask>();
  const others: MapTask[] = [];
  for (const task of list.items) {
    if (services.has(task.service)) before.set(task.id, task);
    else others.push(task);
  }
  const kept = now.map((task) => {
    const known = before.get(task.id);
    return known !== undefined && same(known, task) ? known : task;
  });
  return { ...list, items: [...others, ...kept], total: list.total + now.length - before.size };
}
