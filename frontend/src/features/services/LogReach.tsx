// How far back a log was read, and how to go on from there.
import { ArrowUp, LoaderCircle } from "lucide-react";
import { Button } from "@/components/Button";
import type { LogSession, LogState } from "@/hooks/logSession";
import { plural } from "@/lib/format";
import type { LogLevel } from "@/lib/logLevel";
import type { LogRange } from "@/lib/logSearch";
import { MOST_LINES } from "@/lib/logStore";
import { moment } from "@/lib/logTime";
import type { Clock } from "@/lib/preferences";

interface Props {
  session: LogSession;
  state: LogState;
  levels: readonly LogLevel[];
  /** Lines are looked for, not only read. */
  looking: boolean;
  range: LogRange | undefined;
  clock: Clock;
  onEarlier: () => void;
  onSearchBack: () => void;
}

/** `Searched back to 12:03:04, 41 matches`. */
export function reachInWords({
  session,
  state,
  levels,
  looking,
  range,
  clock,
}: Omit<Props, "onEarlier" | "onSearchBack">) {
  const { store } = session;
  const matches = plural(store.linesFrom(store.first, levels), "match", "matches");
  const start = range !== undefined && range !== "all" ? "the start of the range" : "the beginning";
  if (state.backTo === undefined) return looking ? "Searching" : "";
  if (state.backTo === null) return looking ? `Searched back to ${start}, ${matches}` : `From ${start}`;
  const at = moment(state.backTo, clock);
  return looking ? `Searched back to ${at}, ${matches}` : `Back to ${at}`;
}

export function LogReach(props: Props) {
  const { session, state, looking, onEarlier, onSearchBack } = props;
  const words = reachInWords(props);
  const full = session.store.isFull();
  const more = state.backTo !== null && state.backTo !== undefined && !full && !state.stuck;
  return (
    <div className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 text-[#98a2ac]">
      {state.searching ? (
        <>
          <LoaderCircle aria-hidden className="size-4 animate-spin" />
          <span className="num">{words === "" ? "Reading" : words}…</span>
          <Button size="sm" onClick={() => session.stopSearch()}>
            Stop
          </Button>
        </>
      ) : (
        <>
          <span className="num">
            {full
              ? `${MOST_LINES.toLocaleString("en")} lines are held, which is the most: narrow the filter, or clear`
              : state.stuck
                ? `${words}: the engine hands over nothing further back`
                : words}
          </span>
          {more && (
            <>
              <Button size="sm" onClick={onEarlier}>
                <ArrowUp aria-hidden className="size-3.5" />
                Load earlier
              </Button>
              {looking && (
                <Button size="sm" onClick={onSearchBack}>
                  Search further back
                </Button>
              )}
            </>
          )}
        </>
      )}
    </div>
  );
}
