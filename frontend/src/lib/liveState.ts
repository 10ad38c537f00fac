// Whether the live stream feeds the cache, and what it brought lately.
import type { Changed } from "@/api/types";

/** `polling`: the stream cannot be had, so the views ask again by themselves, slowly. */
export type LiveState = "connecting" | "live" | "polling";

let state: LiveState = "connecting";
const listeners = new Set<() => void>();

export const liveState = {
  get: () => state,
  set(next: LiveState) {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

const KEPT = 200;
let recent: Changed[] = [];
let count = 0;

/** An answer may be older than an event that overtook it: such events are applied to it once more. */
export const overtaking = {
  mark: () => count,
  note(event: Changed) {
    count += 1;
    recent = [...recent.slice(1 - KEPT), event];
  },
  since: (mark: number): readonly Changed[] => (count === mark ? [] : recent.slice(-(count - mark))),
};
