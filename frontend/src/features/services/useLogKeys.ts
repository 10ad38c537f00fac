// The keys of a log, as terminals have them.

import { useNavigate } from "@tanstack/react-router";
import type { RefObject } from "react";
import { copyText } from "@/components/CopyButton";
import type { LogSession } from "@/hooks/logSession";
import { useKeys } from "@/hooks/useKeys";
import type { LogLook } from "@/hooks/useLogLook";
import { logRanges } from "@/lib/logSearch";
import { isoTime } from "@/lib/logTime";
import { notify } from "@/lib/notices";
import { type Clock, setClock } from "@/lib/preferences";
import { type LogChange, rangeWords } from "./LogFilters";
import { lineLink } from "./LogLineTools";
import type { LogPaneHandle } from "./LogPane";
import type { LogPlace } from "./useLogPlace";

interface Props {
  service: string;
  session: LogSession;
  look: LogLook;
  onLook: (change: Partial<LogLook>) => void;
  clock: Clock;
  full: boolean;
  onFull: (full: boolean) => void;
  filtered: boolean;
  onFollow: () => void;
  onEarlier: () => void;
  onSearch: (change: LogChange) => void;
  place: LogPlace;
  pane: RefObject<LogPaneHandle | null>;
}

export function useLogKeys(props: Props) {
  const { service, session, look, onLook, clock, full, onFull, filtered, onSearch, place, pane } = props;
  const navigate = useNavigate();
  const move = (by: number) => {
    const next = pane.current?.next(place.cursor, by) ?? null;
    place.hold();
    place.setCursor(next);
  };
  const line = () => {
    const row = place.cursor === null ? null : session.store.row(place.cursor);
    return row?.kind === "line" ? row : null;
  };
  const copy = async (what: string, text: string | undefined) => {
    if (text !== undefined && (await copyText(text))) notify({ kind: "done", title: `${what} copied` });
  };
  const linked = () => {
    const row = line();
    return row === null ? undefined : lineLink(service, row);
  };
  useKeys(
    [
      { key: "s", label: "Follow, or hold still", run: props.onFollow },
      { key: "w", label: "Wrap lines", run: () => onLook({ wrap: !look.wrap }) },
      { key: "t", label: "Show times", run: () => onLook({ times: !look.times }) },
      { key: "u", label: "Times in UTC, or local", run: () => setClock(clock === "utc" ? "local" : "utc") },
      { key: "n", label: "Show nodes", run: () => onLook({ nodes: !look.nodes }) },
      { key: "f", label: "Fill the window", run: () => onFull(!full) },
      ...(full ? [{ key: "Escape", label: "Leave the full window", run: () => onFull(false) }] : []),
      { key: "e", label: "Load earlier lines", run: props.onEarlier },
      {
        key: "x",
        label: "Clear the view",
        run: () => {
          place.follow();
          session.clear();
        },
      },
      { key: "j", label: "Next line", run: () => move(1) },
      { key: "k", label: "Line before", run: () => move(-1) },
      {
        key: "z",
        label: "Unfold or fold the line",
        run: () => place.cursor !== null && place.open(place.cursor),
      },
      { key: "c", label: "Copy the line", run: () => void copy("Line", line()?.text) },
      { key: "l", label: "Copy a link to the line", run: () => void copy("Link", linked()) },
      {
        key: "o",
        label: "See the line in context",
        run: () => {
          const row = line();
          if (row === null || !filtered) return;
          void navigate({
            to: "/services/$name",
            params: { name: service },
            search: { tab: "logs", at: isoTime(row.time), of: row.taskId },
          });
        },
      },
      { key: "0", label: "Newest lines", run: () => onSearch({ range: "", at: "", of: "" }) },
      ...logRanges.map((range, at) => ({
        key: String(at + 1),
        label: rangeWords[range],
        run: () => onSearch({ range, at: "", of: "" }),
      })),
    ],
    "Logs",
  );
}
