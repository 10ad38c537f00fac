// Drafts outlive the tab they are written in: they are kept until they are saved or given up.
import { useSyncExternalStore } from "react";
import type { DraftSession } from "./draftSession";

export interface Base {
  text: string;
  /** The revision that the draft began from. */
  etag: string | null;
}
interface Kept {
  session: DraftSession;
  base: Base;
}

const kept = new Map<string, Kept>();
/** How many times each is being saved just now. */
const saving = new Map<string, number>();
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

export const isDirty = (draft: Kept | undefined) =>
  draft !== undefined &&
  (draft.session.read().text !== draft.base.text || draft.session.read().pending === "form");

export const drafts = {
  get: (name: string) => kept.get(name),
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  /** Told to nobody: what is drawn just now holds it already. */
  put(name: string, draft: Kept) {
    kept.set(name, draft);
    return draft;
  },
  begin(name: string, base: Base, session: DraftSession) {
    session.subscribe(tell);
    return drafts.put(name, { session, base });
  },
  forget(name: string) {
    kept.delete(name);
    tell();
  },
  /** From now until the answer is called: what is on its way to the server is not lost by going on. */
  saving(name: string): () => void {
    const count = (more: number) => {
      saving.set(name, (saving.get(name) ?? 0) + more);
      tell();
    };
    count(1);
    return () => count(-1);
  },
  /** Whether leaving would lose what is written. Elsewhere on the page what is being saved is not: should it be
   *  refused, the draft is still there. */
  wouldBeLost: (name: string, closing: boolean) =>
    isDirty(kept.get(name)) && (closing || (saving.get(name) ?? 0) === 0),
  tell,
};

/** Whether something is written for the service that is not saved. */
export const useUnsaved = (name: string) =>
  useSyncExternalStore(drafts.subscribe, () => isDirty(kept.get(name)));
