// One clock for everything that shows an age.
import { useSyncExternalStore } from "react";

const clocks = new Map<
  number,
  { listeners: Set<() => void>; now: number; timer?: ReturnType<typeof setInterval> }
>();

function clock(every: number) {
  let found = clocks.get(every);
  if (found === undefined) {
    found = { listeners: new Set(), now: Date.now() };
    clocks.set(every, found);
  }
  return found;
}

/** The time, moving on every `every` milliseconds while the component is mounted. */
export function useNow(every: number): number {
  return useSyncExternalStore(
    (listener) => {
      const ticking = clock(every);
      ticking.listeners.add(listener);
      ticking.timer ??= setInterval(() => {
        ticking.now = Date.now();
        for (const each of ticking.listeners) each();
      }, every);
      return () => {
        ticking.listeners.delete(listener);
        if (ticking.listeners.size > 0) return;
        clearInterval(ticking.timer);
        delete ticking.timer;
      };
    },
    () => {
      const ticking = clock(every);
      // Without a running timer the stored time may be old.
      if (ticking.timer === undefined && Date.now() - ticking.now > every) ticking.now = Date.now();
      return ticking.now;
    },
  );
}
