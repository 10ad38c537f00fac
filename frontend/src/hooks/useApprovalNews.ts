// What began to wait since the page was opened, until one looked at it.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Approval } from "@/api/types";
import { useWaitingForMe } from "./useWaiting";

/** The server's clock decides what is over: it is asked a moment after ours says so. */
const AFTER_EXPIRY = 300;

/** Looks again when something that waits is over; no event tells of time. Once for the whole page. */
function useExpiry() {
  const { waiting, readAt } = useWaitingForMe();
  const cache = useQueryClient();
  useEffect(() => {
    if (waiting === undefined || waiting.items.length === 0) return;
    const next = Math.min(...waiting.items.map(({ seconds_left: left }) => left)) * 1000;
    const wait = Math.max(0, readAt + next - Date.now()) + AFTER_EXPIRY;
    const timer = setTimeout(() => void cache.invalidateQueries({ queryKey: ["approvals"] }), wait);
    return () => clearTimeout(timer);
  }, [waiting, readAt, cache]);
}

export interface ApprovalNews {
  /** What began to wait since the page was opened and was not looked at, and waits still; newest first. */
  news: readonly Approval[];
  dismiss: () => void;
}

/** `looking`: what waits is on the screen anyway. */
export function useApprovalNews(looking: boolean): ApprovalNews {
  useExpiry();
  const { waiting } = useWaitingForMe();
  const seen = useRef<Set<string> | null>(null);
  const [news, setNews] = useState<readonly Approval[]>([]);
  useEffect(() => {
    if (waiting === undefined) return;
    // What waited when the page was opened is told by its count alone.
    seen.current ??= new Set(waiting.items.map(({ id }) => id));
    if (looking) for (const { id } of waiting.items) seen.current.add(id);
    setNews(waiting.items.filter(({ id }) => !seen.current?.has(id)));
  }, [waiting, looking]);
  return {
    news,
    dismiss: () => {
      for (const { id } of news) seen.current?.add(id);
      setNews([]);
    },
  };
}
