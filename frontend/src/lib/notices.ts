// Results of my own acts, shown until read or out of date; a deployment stays until it is decided.
import { type ApiProblem, inWords } from "@/api/problem";

export type Notice = { id: number; offer?: Offer } & (
  | {
      /** `waiting` stays until whoever began it takes it away. */
      kind: "done" | "problem" | "waiting";
      title: string;
      detail?: string;
      /** By this the server's log knows what went wrong. */
      reference?: string;
      /** The service it is about. */
      about?: string;
    }
  | { kind: "deployment"; deploymentId: string; service: string; act: string }
);

/** What can be done about it, at the notice itself. */
interface Offer {
  label: string;
  run: () => void;
}

type Draft = Notice extends infer N ? (N extends Notice ? Omit<N, "id"> : never) : never;

/** A notice when it is no longer shown: the drawer lists them, with when each began. */
export type Kept = Notice & { at: string };

let notices: readonly Notice[] = [];
let kept: readonly Kept[] = [];
let last = 0;
const listeners = new Set<() => void>();
const MOST = 5;
const KEPT = 50;

function set(next: readonly Notice[]) {
  notices = next;
  for (const listener of listeners) listener();
}

export const noticeStore = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  get: () => notices,
  kept: () => kept,
};

export function notify(draft: Draft): number {
  last += 1;
  const notice = { ...draft, id: last } as Notice;
  // A newer change of the same service replaces the older one's notice.
  const others = notices.filter(
    (other) =>
      !(notice.kind === "deployment" && other.kind === "deployment" && other.service === notice.service),
  );
  if (notice.kind !== "waiting") kept = [...kept, { ...notice, at: new Date().toISOString() }].slice(-KEPT);
  set([...others, notice].slice(-MOST));
  return last;
}

/** What was asked for and refused, in the server's words; `about` names the service. */
export const complain = (title: string, problem: ApiProblem, about?: string): number =>
  notify({
    kind: "problem",
    title,
    detail: inWords(problem),
    ...(problem.reference !== null && { reference: problem.reference }),
    ...(about !== undefined && { about }),
  });

export const dismiss = (id: number) => set(notices.filter((notice) => notice.id !== id));
export const dismissAll = () => {
  kept = [];
  set([]);
};
