// Where somebody reads in a log: at its end, held still, or at one line.
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import type { LogSession, LogState } from "@/hooks/logSession";
import type { LogPaneHandle } from "./LogPane";

export interface LogPlace {
  heldAt: number | null;
  cursor: number | null;
  opened: ReadonlySet<number>;
  hold: () => void;
  follow: () => void;
  open: (n: number) => void;
  setCursor: (n: number | null) => void;
}

interface Props {
  session: LogSession;
  state: LogState;
  /** One line is looked at: nothing comes by itself. */
  around: boolean;
  pane: RefObject<LogPaneHandle | null>;
}

const none: ReadonlySet<number> = new Set();
const EVERYTHING = Number.POSITIVE_INFINITY;

export function useLogPlace({ session, state, around, pane }: Props): LogPlace {
  const [heldAt, setHeldAt] = useState<number | null>(around ? EVERYTHING : null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [opened, setOpened] = useState(none);
  // Another selection is another log: it begins at its end.
  const [shown, setShown] = useState(session);
  if (shown !== session) {
    setShown(session);
    setHeldAt(around ? EVERYTHING : null);
    setCursor(null);
    setOpened(none);
  }
  const jumped = useRef<LogSession | null>(null);
  const { marked } = state;
  useEffect(() => {
    if (marked === undefined || jumped.current === session) return;
    jumped.current = session;
    if (marked !== null) {
      setCursor(marked);
      pane.current?.show(marked);
    }
  }, [marked, session, pane]);
  const { end } = session.store;
  return {
    heldAt,
    cursor,
    opened,
    hold: () => setHeldAt((now) => now ?? end),
    follow: () => {
      setHeldAt(around ? EVERYTHING : null);
      setCursor(null);
    },
    open: useCallback(
      (n: number) => {
        setHeldAt((now) => now ?? session.store.end);
        setOpened((now) => {
          const next = new Set(now);
          if (!next.delete(n)) next.add(n);
          return next;
        });
      },
      [session],
    ),
    setCursor,
  };
}
