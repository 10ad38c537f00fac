import { RefreshCw } from "lucide-react";
import { useSyncExternalStore } from "react";
import { newerPage } from "@/lib/newerPage";
import { Button } from "./Button";

/** Never by itself: somebody may be writing. */
export function NewerPage() {
  const newer = useSyncExternalStore(newerPage.subscribe, newerPage.get);
  if (!newer) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-line border-b bg-accent-soft px-4 py-2 text-sm md:px-7"
    >
      <RefreshCw aria-hidden className="size-4 shrink-0 text-accent" />
      <p className="min-w-0 flex-1">
        <b className="font-semibold">The page was updated.</b> This tab still shows the one before; what is
        not saved is lost when it is loaded again.
      </p>
      <Button size="sm" onClick={() => globalThis.location.reload()}>
        Reload
      </Button>
    </div>
  );
}
