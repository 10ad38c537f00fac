// Results of my own acts, shown until read or out of date; a deployment stays until it is decided.
export type Notice =
  | { id: number; kind: "done" | "problem"; title: string; detail?: string }
  | { id: number; kind: "deployment"; deploymentId: string; service: string; act: string };

type Draft = Notice extends infer N ? (N extends Notice ? Omit<N, "id"> : never) : never;

let notices: readonly Notice[] = [];
let last = 0;
const listeners = new Set<() => void>();
const MOST = 5;

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
};

export function notify(draft: Draft): number {
  last += 1;
  const notice = { ...draft, id: last } as Notice;
  // A newer change of the same service replaces the older one's notice.
  const others = notices.filter(
    (other) =>
      !(notice.kind === "deployment" && other.kind === "deployment" && other.service === notice.service),
  );
  set([...others, notice].slice(-MOST));
  return last;
}

export const dismiss = (id: number) => set(notices.filter((notice) => notice.id !== id));
export const dismissAll = () => set([]);
