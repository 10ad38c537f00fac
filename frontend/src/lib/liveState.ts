// Whether the live stream feeds the cache, and what it brought lately.
import type { Changed } from "@/api/types";

/** `polling`: the stream cannot be had, so the views ask again by themselves, slowly. */
export type LiveState = "connecting" | "live" | "polling";

let state: LiveState = "connecting";
let again: () => void = () => undefined;
const listeners = new Set<() => void>();

export const liveState = {
  get: () => state,
  set(next: LiveState) {
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  },
  /** Opens the stream anew and reads everything, without waiting for the next try. */
  tryNow: () => again(),
  onTryNow(run: () => void) {
    again = run;
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

const KEPT = 200;
const underWay = new Set<Changed[]>();

/** An answer may be older than an event that overtook it: such events are applied to it once more. */
export const overtaking = {
  note(event: Changed) {
    for (const events of underWay) {
      if (events.length === KEPT) events.shift();
      events.push(event);
    }
  },
  /** What `read` answers, and what came meanwhile. */
  async during<T>(read: () => Promise<T>): Promise<[T, readonly Changed[]]> {
    const events: Changed[] = [];
    underWay.add(events);
    try {
      return [await read(), events];
    } finally {
      underWay.delete(events);
    }
  },
};
