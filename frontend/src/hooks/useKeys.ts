// Keys of the view that is open: pressed they act, and `?` can list them.
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface ViewKey {
  /** As `KeyboardEvent.key` says it: `w`, `?`, `Escape`; `g n` one after the other; `Mod+k` with Ctrl or ⌘. */
  key: string;
  label: string;
  run: () => void;
}

export interface KeyGroup {
  title: string;
  keys: readonly (Omit<ViewKey, "run"> & { run: (() => void) | null })[];
}

/** So long the second key of two may take. */
export const SEQUENCE = 1_000;

let groups: readonly KeyGroup[] = [];
let led: { key: string; at: number } | null = null;
const listeners = new Set<() => void>();

function change(next: readonly KeyGroup[]) {
  groups = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

// What was opened last is nearest to whoever types.
const found = (test: (key: string) => boolean) =>
  groups
    .toReversed()
    .flatMap(({ keys }) => keys)
    .find(({ key, run }) => run !== null && test(key));

const isOpenAbove = () =>
  document.querySelector("[role=dialog],[role=alertdialog],[role=menu],[role=listbox]") !== null;

const pressed = (event: KeyboardEvent) => {
  if (event.altKey || event.defaultPrevented || event.isComposing || isOpenAbove()) return;
  const act = (one: KeyGroup["keys"][number] | undefined) => {
    if (one === undefined) return;
    event.preventDefault();
    one.run?.();
  };
  // With Ctrl or ⌘ a key is no text: these count while somebody types as well.
  if (event.ctrlKey || event.metaKey) return act(found((key) => key === `Mod+${event.key.toLowerCase()}`));
  const at = event.target;
  if (at instanceof HTMLElement && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)))
    return;
  const before = led;
  led = null;
  if (before !== null && event.timeStamp - before.at < SEQUENCE) {
    const second = found((key) => key === `${before.key} ${event.key}`);
    if (second !== undefined) return act(second);
  }
  const one = found((key) => key === event.key);
  if (one !== undefined) return act(one);
  if (found((key) => key.startsWith(`${event.key} `)) !== undefined)
    led = { key: event.key, at: event.timeStamp };
};

/** They count for as long as the caller is mounted, and not while somebody types or a dialog is open. */
export function useKeys(keys: readonly ViewKey[], title = "This view") {
  const now = useRef(keys);
  useEffect(() => {
    now.current = keys;
  });
  const shape = JSON.stringify(keys.map(({ key, label }) => [key, label]));
  useEffect(
    () =>
      join({
        title,
        keys: (JSON.parse(shape) as [string, string][]).map(([key, label]) => ({
          key,
          label,
          run: () => now.current.find((known) => known.key === key)?.run(),
        })),
      }),
    [shape, title],
  );
}

/** Keys that a view listens for itself, so that `?` lists them. */
export function useKeyHelp(keys: readonly (readonly [key: string, label: string])[], title: string) {
  const shape = JSON.stringify(keys);
  useEffect(
    () =>
      join({
        title,
        keys: (JSON.parse(shape) as [string, string][]).map(([key, label]) => ({ key, label, run: null })),
      }),
    [shape, title],
  );
}

function join(group: KeyGroup): () => void {
  if (groups.length === 0) document.addEventListener("keydown", pressed);
  change([...groups, group]);
  return () => {
    change(groups.filter((known) => known !== group));
    if (groups.length === 0) document.removeEventListener("keydown", pressed);
  };
}

/** What `?` shows: the groups of keys that count now. */
export const useKeyGroups = (): readonly KeyGroup[] => useSyncExternalStore(subscribe, () => groups);
