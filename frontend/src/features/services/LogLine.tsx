// One row of a log: when, which task, what it said. JSON says its gist and unfolds; a huge line is cut until asked for.
import { clsx } from "clsx";
import { ChevronRight } from "lucide-react";
import { memo, useMemo } from "react";
import { AnsiText } from "@/components/AnsiText";
import type { LogLook } from "@/hooks/useLogLook";
import { bytes } from "@/lib/format";
import { jsonOf } from "@/lib/lineLevel";
import { jsonLines, jsonSummary } from "@/lib/logJson";
import type { LogLevel } from "@/lib/logLevel";
import type { LogRow, LogStore } from "@/lib/logStore";
import { exactly, lineTime } from "@/lib/logTime";
import type { Clock } from "@/lib/preferences";
import { LineTools } from "./LogLineTools";

export const LONGEST_SHOWN = 2_000;
const HUES = 10;

/** Neighbouring slots differ; tasks named by their node get some colour that stays. */
function hue(task: string): number {
  const slot = Number(task.slice(task.lastIndexOf(".") + 1));
  if (Number.isInteger(slot)) return slot % HUES;
  let sum = 0;
  for (const letter of task) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return sum % HUES;
}

const inks: Record<LogLevel, string> = {
  error: "text-[#ff9aa2]",
  warn: "text-[#f0c674]",
  info: "",
  debug: "text-[#a2acb6]",
};
const bars: Record<LogLevel, string> = {
  error: "bg-[#ff7b86]",
  warn: "bg-[#f0c674]",
  info: "bg-transparent",
  debug: "bg-transparent",
};

interface Props {
  store: LogStore;
  n: number;
  /** `store.shifts`: the same number may mean another line. */
  shift: number;
  service: string;
  look: LogLook;
  clock: Clock;
  open: boolean;
  marked: boolean;
  cursor: boolean;
  tools: boolean;
  filtered: boolean;
  onOpen: (n: number) => void;
}

export const LogLine = memo(function LogLine(props: Props) {
  const { store, n, shift, look, clock, marked, cursor } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a shift gives the number to another line
  const row = useMemo(() => store.row(n), [store, n, shift]);
  if (row === null) return <div className="h-5" />;
  if (row.kind === "note")
    return (
      <div
        className={clsx(
          "flex items-center gap-3 px-4 py-px whitespace-normal",
          row.tone === "warn" ? "text-[#f0c674]" : "text-[#98a2ac]",
        )}
      >
        <span aria-hidden className="h-px w-6 shrink-0 bg-current opacity-40" />
        <span className="min-w-0 [overflow-wrap:anywhere]">{row.text}</span>
        <span aria-hidden className="h-px min-w-4 flex-1 bg-current opacity-20" />
      </div>
    );
  const { level } = row;
  return (
    <div
      aria-current={marked ? "true" : undefined}
      className={clsx(
        "relative flex gap-x-3 pr-4 pl-4 hover:bg-white/5 max-sm:flex-wrap",
        marked && "bg-[#f0c674]/15",
        cursor && "bg-white/10 hover:bg-white/10",
      )}
    >
      {level !== null && (
        <span aria-hidden className={clsx("absolute inset-y-0 left-0 w-[3px]", bars[level])} />
      )}
      {look.times && (
        <time
          title={exactly(row.time, clock)}
          className="num shrink-0 select-none text-[#98a2ac] max-sm:text-[11px]"
        >
          {lineTime(row.time, clock)}
        </time>
      )}
      <span
        title={`${row.task} on ${row.node}, ${row.stderr ? "stderr" : "stdout"}`}
        className={clsx("min-w-(--task) shrink-0 max-sm:text-[11px]", `log-task-${hue(row.task)}`)}
      >
        {row.task}
      </span>
      {look.nodes && (
        <span className="min-w-(--node) shrink-0 text-[#98a2ac] max-sm:text-[11px]">{row.node}</span>
      )}
      {row.stderr && <span className="shrink-0 text-[#ff9aa2] max-sm:text-[11px]">err</span>}
      <Said row={row} {...props} />
      {props.tools && <LineTools row={row} service={props.service} filtered={props.filtered} />}
    </div>
  );
});

function Said({ row, look, open, onOpen }: Props & { row: LogRow & { kind: "line" } }) {
  const data = useMemo(() => jsonOf(row.text), [row.text]);
  const ink = row.level === null ? "" : inks[row.level];
  const base = clsx("min-w-0 flex-1 max-sm:basis-full", ink);
  if (data !== null) {
    const { message, pairs, more } = jsonSummary(data);
    return (
      <div className={base}>
        <button
          type="button"
          tabIndex={-1}
          aria-expanded={open}
          aria-label={open ? "Fold JSON" : "Unfold JSON"}
          onClick={() => onOpen(row.n)}
          className="-ml-4 inline-block w-4 align-[-2px] text-[#98a2ac] hover:text-white"
        >
          <ChevronRight className={clsx("size-3.5 transition-transform", open && "rotate-90")} />
        </button>
        {row.level !== null && (
          <span className="mr-2 font-semibold text-[11px] uppercase tracking-wide">{row.level}</span>
        )}
        {message !== null && <span>{message}</span>}
        {pairs.map(([key, value]) => (
          <span key={key} className="ml-2.5 text-[#98a2ac]">
            {key}=<span className="text-[#c3ccd5]">{value}</span>
          </span>
        ))}
        {more > 0 && <span className="ml-2.5 text-[#98a2ac]">+{more}</span>}
        {open && <Unfolded data={data} />}
      </div>
    );
  }
  const cut = !open && row.text.length > LONGEST_SHOWN;
  return (
    <div className={base}>
      <AnsiText text={cut ? row.text.slice(0, LONGEST_SHOWN) : row.text} />
      {row.text === "" && <br />}
      {row.text.length > LONGEST_SHOWN && (
        <button
          type="button"
          tabIndex={-1}
          onClick={() => onOpen(row.n)}
          className={clsx(
            "rounded bg-white/10 px-1.5 text-[#d8dee4] hover:bg-white/20",
            look.wrap ? "ml-2" : "sticky right-4 ml-2",
          )}
        >
          {cut ? `… ${bytes(row.text.length - LONGEST_SHOWN)} more` : "Cut the line"}
        </button>
      )}
    </div>
  );
}

const kinds = { text: "ansi-2", number: "ansi-3", word: "ansi-5", mark: "" };

function Unfolded({ data }: { data: Record<string, unknown> }) {
  return (
    <div className="mt-0.5 mb-1.5 border-white/10 border-l pl-3 whitespace-pre-wrap text-[#d8dee4]">
      {jsonLines(data).map(({ indent, key, value, kind }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of a value that never changes
        <div key={at}>
          {indent}
          {key !== null && <span className="ansi-4">{key}: </span>}
          <span className={kinds[kind]}>{value}</span>
        </div>
      ))}
    </div>
  );
}
