// The lines of all tasks as they are written; scrolling up holds them still.
import { ArrowDown, ArrowDownToLine, Download, ScrollText } from "lucide-react";
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type LogFilter, logAddress } from "@/api/client";
import type { ServiceDetail } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Said } from "@/components/Said";
import { EmptyState, Skeleton } from "@/components/States";
import { useLogStream } from "@/hooks/useLogStream";
import { useSlash } from "@/hooks/useSlash";
import { plural } from "@/lib/format";
import { MOST_LINES, upTo } from "@/lib/logBuffer";
import type { ServiceSearch } from "@/lib/search";
import { LogFilters } from "./LogFilters";
import { LogLines } from "./LogLines";

const TYPING = 350;

/** What was typed, once the typing has paused. */
function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

interface Props {
  service: ServiceDetail;
  search: ServiceSearch;
  onSearch: (change: Partial<Record<"task" | "node" | "stream" | "q", string>>) => void;
}

export function LogView({ service, search, onSearch }: Props) {
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(true);
  /** Where the view is held still: the newest row and the number of lines at that moment. */
  const [held, setHeld] = useState<{ seq: number; lines: number } | null>(null);
  const box = useRef<HTMLInputElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  useSlash(box);
  const { task, node, stream, q = "" } = search;
  const match = usePaused(q.trim());
  const filter: LogFilter = {
    ...(task !== undefined && { task }),
    ...(node !== undefined && { node }),
    ...(stream !== undefined && { stream }),
    ...(match !== "" && { match }),
  };
  const filtered = Object.keys(filter).length > 0;
  // A service that was stopped meanwhile keeps its lines on the screen.
  const [wanted, setWanted] = useState(service.live);
  if (service.live && !wanted) setWanted(true);
  const { log, begun, connected, problem, missing } = useLogStream(service.name, filter, wanted);
  const blocks = useDeferredValue(
    useMemo(() => (held === null ? log.blocks : upTo(log, held.seq)), [log, held]),
  );
  const more = held === null ? 0 : Math.max(0, log.lines - held.lines);
  // Another selection is another log: it begins at its end.
  const selection = JSON.stringify(filter);
  const [shown, setShown] = useState(selection);
  if (shown !== selection) {
    setShown(selection);
    setHeld(null);
  }

  const toEnd = () => {
    const { current } = pane;
    if (current === null) return;
    current.scrollTop = current.scrollHeight;
    top.current = current.scrollTop;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pane is moved whenever what it shows changes
  useLayoutEffect(() => {
    if (held === null) toEnd();
  }, [blocks, held, wrap, times]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the element exists only once the log is wanted
  useEffect(() => {
    if (held !== null || inner.current === null) return;
    // Blocks get their true height only when they are drawn.
    const watch = new ResizeObserver(toEnd);
    watch.observe(inner.current);
    return () => watch.disconnect();
  }, [held, wanted]);

  if (!wanted) {
    return (
      <div className="card">
        <EmptyState icon={ScrollText} title="No logs">
          <p>
            {service.name} is not in the swarm. Logs belong to its tasks: deploy it, and they appear here.
          </p>
        </EmptyState>
      </div>
    );
  }
  const hold = () => setHeld({ seq: log.seq, lines: log.lines });
  const scrolled = (element: HTMLElement) => {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (held !== null) {
      if (atEnd && scrollTop > top.current) setHeld(null);
    } else if (!atEnd && scrollTop < top.current - 2) hold();
    top.current = scrollTop;
  };
  const pressed = "aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent";
  return (
    <section aria-label="Logs" className="card overflow-hidden">
      <div className="flex flex-wrap items-center gap-2 border-line border-b p-3">
        <LogFilters service={service} search={search} box={box} onSearch={onSearch} />
        <div className="ml-auto flex gap-1.5">
          <Button size="sm" aria-pressed={wrap} onClick={() => setWrap(!wrap)} className={pressed}>
            Wrap
          </Button>
          <Button size="sm" aria-pressed={times} onClick={() => setTimes(!times)} className={pressed}>
            Times
          </Button>
          <a
            href={logAddress(service.name, "download", {
              ...filter,
              tail: "100000",
              timestamps: String(times),
            })}
            download
            title="Up to 100,000 lines as a text file, filtered as here"
            className={buttonClass("plain", "sm")}
          >
            <Download aria-hidden className="size-3.5" />
            <span className="max-sm:sr-only">Download</span>
          </a>
          <Button
            size="sm"
            look={held === null ? "primary" : "plain"}
            aria-pressed={held === null}
            onClick={() => (held === null ? hold() : setHeld(null))}
          >
            <ArrowDownToLine aria-hidden className="size-3.5" />
            {held === null ? "Following" : "Follow"}
          </Button>
        </div>
      </div>
      {(problem !== null || missing.length > 0) && (
        <div className="flex flex-col gap-2 border-line border-b p-3">
          {problem !== null && (
            <div role="alert" className="text-bad-ink text-sm [overflow-wrap:anywhere]">
              <Said>{problem.detail}</Said>
            </div>
          )}
          {missing.map((sentence) => (
            <p key={sentence} role="status" className="text-sm text-warn-ink [overflow-wrap:anywhere]">
              {sentence}
            </p>
          ))}
        </div>
      )}
      <div className="relative">
        <div
          ref={pane}
          role="log"
          aria-label={`Log lines of ${task ?? service.name}`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          data-times={times ? "on" : "off"}
          onScroll={(event) => scrolled(event.currentTarget)}
          className={`group/log h-[calc(100dvh-19.5rem)] min-h-72 overflow-auto bg-[#0e1114] px-4 py-3 font-mono text-[#d5dbe1] text-[12.5px] leading-[1.65] ${
            wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre"
          }`}
        >
          <div ref={inner}>
            {blocks.length > 0 ? (
              <LogLines blocks={blocks} />
            ) : problem !== null ? null : !begun ? (
              <div role="status" aria-label="Loading logs" className="flex flex-col gap-2 opacity-20">
                <Skeleton className="h-3.5 w-2/3 bg-white" />
                <Skeleton className="h-3.5 w-1/2 bg-white" />
                <Skeleton className="h-3.5 w-3/5 bg-white" />
              </div>
            ) : (
              <p className="whitespace-normal text-[#8b95a0]">
                {held !== null && more > 0
                  ? `What stood here is more than ${MOST_LINES.toLocaleString("en")} lines ago.`
                  : filtered
                    ? "No line of those searched is like that. New ones appear here."
                    : "Nothing written yet. What the containers print to stdout and stderr appears here."}
              </p>
            )}
          </div>
        </div>
        {more > 0 && (
          <button
            type="button"
            onClick={() => setHeld(null)}
            className="num absolute bottom-3 left-1/2 flex -translate-x-1/2 items-center gap-1.5 rounded-full bg-accent px-3 py-1 font-[550] text-accent-ink text-sm shadow-lg"
          >
            <ArrowDown aria-hidden className="size-3.5" />
            {plural(more, "new line")}
          </button>
        )}
      </div>
      <p className="num border-line border-t px-4 py-2 text-ink-3 text-sm">
        {plural(log.lines, "line")}
        {log.lines > MOST_LINES && `, the newest ${MOST_LINES.toLocaleString("en")} are kept here`},{" "}
        {!connected
          ? begun
            ? "the stream broke and is tried again"
            : "connecting"
          : held === null
            ? "following"
            : "held still"}
      </p>
    </section>
  );
}
