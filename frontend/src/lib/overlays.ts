// What lies over every view at most once: the palette, the keys, what is under way.
import { useSyncExternalStore } from "react";

export type Overlay = "palette" | "keys" | "jobs";

let open: Overlay | null = null;
const listeners = new Set<() => void>();

export function setOverlay(next: Overlay | null) {
  open = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

export const useOverlay = () => useSyncExternalStore(subscribe, () => open);
