// What a log is missing, how many lines there are, and whether it is followed.
import { ArrowDown } from "lucide-react";
import type { ApiProblem } from "@/api/problem";
import { Said } from "@/components/Said";
import type { LogSession, LogState } from "@/hooks/logSession";
import { plural } from "@/lib/format";
import type { LogLevel } from "@/lib/logLevel";
import type { LogRange } from "@/lib/logSearch";
import { MOST_LINES } from "@/lib/logStore";
import type { Clock } from "@/lib/preferences";
import { reachInWords } from "./LogReach";

interface Missing {
  problem: ApiProblem | null;
  missing: readonly string[];
  /** The line that was linked is not there any more. */
  gone: boolean;
}

export function LogMissing({ problem, missing, gone }: Missing) {
  if (problem === null && missing.length === 0 && !gone) return null;
  return (
    <div className="flex flex-col gap-2 border-line border-b px-4 py-2.5">
      {problem !== null && (
        <div role="alert" className="text-bad-ink text-sm [overflow-wrap:anywhere]">
          <Said>{problem.detail}</Said>
        </div>
      )}
      {gone && (
        <p role="status" className="text-sm text-warn-ink">
          The line that was linked is not there any more: its container is gone, or the node has turned its
          log over. This is what was written around that time.
        </p>
      )}
      {missing.map((sentence) => (
        <p key={sentence} role="status" className="text-sm text-warn-ink [overflow-wrap:anywhere]">
          {sentence}
        </p>
      ))}
    </div>
  );
}

interface New {
  fresh: number;
  onFollow: () => void;
  onLater: (() => void) | null;
}

export function NewLines({ fresh, onFollow, onLater }: New) {
  const run = fresh > 0 ? onFollow : onLater;
  if (run === null) return null;
  return (
    <button
      type="button"
      onClick={run}
      className="num absolute bottom-3 left-1/2 flex -translate-x-1/2 items-center gap-1.5 rounded-full bg-accent px-3 py-1 font-[550] text-accent-ink text-sm shadow-lg"
    >
      <ArrowDown aria-hidden className="size-3.5" />
      {fresh > 0 ? plural(fresh, "new line") : "Load later"}
    </button>
  );
}

interface Foot {
  session: LogSession;
  state: LogState;
  levels: readonly LogLevel[];
  looking: boolean;
  range: LogRange | undefined;
  clock: Clock;
  held: boolean;
  around: boolean;
}

export function LogFoot(props: Foot) {
  const { session, state, levels, held, around } = props;
  const { store } = session;
  const all = store.linesFrom(store.first, []);
  const shown = levels.length === 0 ? all : store.linesFrom(store.first, levels);
  const reach = reachInWords(props);
  return (
    <p className="num flex flex-wrap gap-x-4 border-line border-t px-4 py-2 text-ink-3 text-sm">
      <span>
        {levels.length === 0
          ? plural(all, "line")
          : `${shown.toLocaleString("en")} of ${plural(all, "line")}`}
        {store.gone > 0 && `, the newest ${MOST_LINES.toLocaleString("en")} are held`}
      </span>
      {reach !== "" && <span>{reach}</span>}
      <span className="ml-auto">
        {around
          ? "around one line"
          : !state.connected
            ? state.begun
              ? "the stream broke and is tried again"
              : "connecting"
            : held
              ? "held still"
              : "following"}
      </span>
    </p>
  );
}
