import { useEffect, useMemo, useSyncExternalStore } from "react";
import type { LogFilter } from "@/api/client";
import { LogSession, type LogStart, type LogState } from "./logSession";

/** A log for as long as the caller is mounted and asks for the same lines. */
export function useLog(
  name: string,
  filter: LogFilter,
  start: LogStart,
  enabled: boolean,
): [session: LogSession, state: LogState] {
  const wanted = JSON.stringify([filter, start]);
  const session = useMemo(() => {
    const [asked, from] = JSON.parse(wanted) as [LogFilter, LogStart];
    return new LogSession(name, asked, from);
  }, [name, wanted]);
  useEffect(() => (enabled ? session.open() : undefined), [session, enabled]);
  return [session, useSyncExternalStore(session.subscribe, session.get)];
}
