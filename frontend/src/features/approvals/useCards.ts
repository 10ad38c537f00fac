// What waits, oldest first. A card keeps its place when it is decided: nothing moves below the pointer.
import { useMemo, useRef } from "react";
import type { Approval } from "@/api/types";

export interface ApprovalCard {
  approval: Approval;
  /** Whether it can still be decided. */
  waits: boolean;
}

interface Read {
  items: readonly Approval[];
}

/** Cards of what waits and of what waited during this visit; the rest is history. */
export function useCards(waiting: Read | undefined, all: Read | undefined) {
  const seen = useRef(new Map<string, Approval>());
  return useMemo(() => {
    const now = new Set(waiting?.items.map(({ id }) => id));
    for (const approval of waiting?.items ?? []) seen.current.set(approval.id, approval);
    for (const approval of all?.items ?? [])
      if (seen.current.has(approval.id) && !now.has(approval.id)) seen.current.set(approval.id, approval);
    const cards = [...seen.current.values()]
      .sort((a, b) => a.created_at.localeCompare(b.created_at) || a.id.localeCompare(b.id))
      .map((approval): ApprovalCard => ({ approval, waits: now.has(approval.id) }));
    const history = (all?.items ?? []).filter(
      ({ id, state }) => state !== "pending" && !seen.current.has(id),
    );
    return { cards, history };
  }, [waiting, all]);
}
