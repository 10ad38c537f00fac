// Numbers of replicas that were asked for a moment ago, shown until the swarm says the same or says no.
export interface WantedReplicas {
  replicas: number;
  /** `gathering`: more clicks may follow; `sent`: not answered; `taken`: on its way; `refused`: rolled back. */
  phase: "gathering" | "sent" | "taken" | "refused";
}

const wanted = new Map<string, WantedReplicas>();
const listeners = new Set<() => void>();

export const wantedReplicas = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  get: (name: string) => wanted.get(name),
  set(name: string, next: WantedReplicas) {
    wanted.set(name, next);
    for (const listener of listeners) listener();
  },
  drop(name: string, only?: WantedReplicas) {
    if (only !== undefined && wanted.get(name) !== only) return;
    if (wanted.delete(name)) for (const listener of listeners) listener();
  },
  clear() {
    wanted.clear();
    for (const listener of listeners) listener();
  },
};
