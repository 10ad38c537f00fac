// What one person set for this browser: how dense the page is, and whose clock its times are told by.
import { useSyncExternalStore } from "react";

export const densities = ["comfortable", "compact"] as const;
export type Density = (typeof densities)[number];
export const clocks = ["local", "utc"] as const;
export type Clock = (typeof clocks)[number];

const listeners = new Set<() => void>();

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Blocked storage: choices last as long as this page.
    return null;
  }
}

let clock: Clock = stored("clock") === "utc" ? "utc" : "local";

function keep(key: string, value: string) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
  for (const listener of listeners) listener();
}

/** Whose clock; read whenever a time is told. */
export const clockNow = () => clock;

export function setClock(next: Clock) {
  clock = next;
  keep("clock", next);
}

const densityNow = (): Density =>
  document.documentElement.dataset["density"] === "compact" ? "compact" : "comfortable";

export function setDensity(next: Density) {
  if (next === "compact") document.documentElement.dataset["density"] = "compact";
  else delete document.documentElement.dataset["density"];
  keep("density", next);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

export const useClock = () => useSyncExternalStore(subscribe, clockNow);
export const useDensity = () => useSyncExternalStore(subscribe, densityNow);
