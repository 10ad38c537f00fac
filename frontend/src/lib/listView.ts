// What one chose to see in the list of services, kept in this browser for each user.
export const columns = [
  "status",
  "replicas",
  "image",
  "nodes",
  "ports",
  "stack",
  "mode",
  "revision",
  "changed",
] as const;
export type Column = (typeof columns)[number];

export const columnWords: Record<Column, string> = {
  status: "Status",
  replicas: "Replicas",
  image: "Image",
  nodes: "Nodes",
  ports: "Ports",
  stack: "Stack",
  mode: "Mode",
  revision: "Revision",
  changed: "Changed",
};

/** Fixed tracks, so that no refetch moves a column. */
const tracks: Record<Column, string> = {
  status: "11.25rem",
  replicas: "9.5rem",
  image: "minmax(8rem,1.5fr)",
  nodes: "minmax(6.5rem,1.15fr)",
  ports: "5rem",
  stack: "minmax(5rem,.8fr)",
  mode: "6rem",
  revision: "5rem",
  changed: "5.25rem",
};

export interface ListView {
  columns: readonly Column[];
  dense: boolean;
}

const usual: ListView = {
  columns: ["status", "replicas", "image", "nodes", "ports", "changed"],
  dense: false,
};

export const gridOf = (shown: readonly Column[]) =>
  ["1.125rem", "minmax(9rem,1.3fr)", ...shown.map((column) => tracks[column]), "7.75rem"].join(" ");

const placeOf = (user: string) => `swarm-orchestrator.services.${user}`;

function read(user: string): ListView {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(placeOf(user)) ?? "null");
    if (typeof kept !== "object" || kept === null) return usual;
    const { columns: chosen, dense } = kept as Partial<Record<string, unknown>>;
    return {
      columns: Array.isArray(chosen) ? columns.filter((column) => chosen.includes(column)) : usual.columns,
      dense: dense === true,
    };
  } catch {
    // A browser that keeps nothing, or something else at this place.
    return usual;
  }
}

const views = new Map<string, ListView>();
const listeners = new Set<() => void>();

export const listViews = {
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  get(user: string): ListView {
    let view = views.get(user);
    if (view === undefined) {
      view = read(user);
      views.set(user, view);
    }
    return view;
  },
  set(user: string, change: Partial<ListView>) {
    const next = { ...listViews.get(user), ...change };
    // Columns keep their places, whichever was chosen first.
    const view = { ...next, columns: columns.filter((column) => next.columns.includes(column)) };
    views.set(user, view);
    try {
      localStorage.setItem(placeOf(user), JSON.stringify(view));
    } catch {
      // It holds until the tab is closed.
    }
    for (const listener of listeners) listener();
  },
  /** As after a reload. */
  forget: () => views.clear(),
};
