// What stands where no line does.
import type { ReactNode } from "react";
import { Skeleton } from "@/components/States";
import type { LogState } from "@/hooks/logSession";
import { MOST_LINES } from "@/lib/logStore";

interface Props {
  state: LogState;
  filtered: boolean;
  fresh: number;
  reach: ReactNode;
}

export function LogEmpty({ state, filtered, fresh, reach }: Props) {
  if (state.problem !== null) return null;
  if (!state.begun)
    return (
      <div role="status" aria-label="Loading logs" className="flex flex-col gap-2 pt-1 opacity-20">
        <Skeleton className="h-3.5 w-2/3 bg-white" />
        <Skeleton className="h-3.5 w-1/2 bg-white" />
        <Skeleton className="h-3.5 w-3/5 bg-white" />
      </div>
    );
  return (
    <div className="flex flex-col gap-3 font-sans text-sm">
      <p className="text-[#98a2ac]">
        {fresh > 0
          ? `What stood here is more than ${MOST_LINES.toLocaleString("en")} lines ago.`
          : filtered
            ? "No line of those searched is like that. New ones appear here."
            : state.backTo === null
              ? "Nothing written yet. What the containers print to stdout and stderr appears here."
              : "Nothing here. New lines appear as they are written."}
      </p>
      {reach}
    </div>
  );
}
