// Asks before a page with something unsaved is left; tabs of the same page may be changed freely.
import { useBlocker } from "@tanstack/react-router";
import { Suspense } from "react";
import { later } from "@/lib/later";

const Ask = later(() => import("./LeaveDialog"));

interface Props {
  what: string;
  /** Asked at the moment of leaving, or of closing the tab: what was drawn last may be older. */
  dirty: (closing: boolean) => boolean;
  onLeave?: () => void;
}

export function UnsavedGuard({ what, dirty, onLeave }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty(false) && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty(true),
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Suspense>
      <Ask
        what={what}
        onStay={blocker.reset}
        onLeave={() => {
          onLeave?.();
          blocker.proceed();
        }}
      />
    </Suspense>
  );
}
