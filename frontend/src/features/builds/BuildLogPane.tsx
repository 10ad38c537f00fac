// What the builder says, as it says it; scrolling up holds it still. Only lines in sight are in the document.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowDownToLine, Download } from "lucide-react";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { buildLogAddress } from "@/api/images";
import { Button, buttonClass } from "@/components/Button";
import { Said } from "@/components/Said";
import { Skeleton } from "@/components/States";
import type { BuildLogView } from "@/hooks/useBuildLog";
import { rowOfLine } from "@/lib/buildLog";
import { plural } from "@/lib/format";
import { LogRow } from "./LogRow";

const ROW = 20.6;

export interface LogPaneHandle {
  show: (line: number) => void;
}

interface Props {
  id: string;
  title: string;
  view: BuildLogView;
  waiting: boolean;
  line: number | undefined;
  onLine: (line: number) => void;
  handle: React.Ref<LogPaneHandle>;
}

export function BuildLogPane({ id, title, view, waiting, line, onLine, handle }: Props) {
  const { log, begun, connected, ended, problem } = view;
  const { rows } = log;
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(false);
  /** Whoever reads holds the view still; a link to a line begins so. */
  const [held, setHeld] = useState<number | null>(line === undefined ? null : 0);
  const pane = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => pane.current,
    estimateSize: () => ROW,
    getItemKey: (index) => rows[index]?.n ?? index,
    overscan: 30,
    initialRect: { width: 800, height: 600 },
  });
  const toEnd = () => {
    const { current } = pane;
    if (current === null) return;
    current.scrollTop = current.scrollHeight;
    top.current = current.scrollTop;
  };
  const total = virtual.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pane is moved whenever what it shows grows
  useLayoutEffect(() => {
    if (held === null) toEnd();
  }, [rows, total, held, wrap, times]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other widths are other heights
  useEffect(() => virtual.measure(), [wrap, times]);
  const hold = () => setHeld(log.last);
  const show = (wanted: number) => {
    hold();
    virtual.scrollToIndex(rowOfLine(rows, wanted), { align: "center" });
  };
  useImperativeHandle(handle, () => ({ show }));
  // Once the line that the address points at is there.
  const wantsLine = useRef(line !== undefined);
  useEffect(() => {
    if (!wantsLine.current || line === undefined || (log.last < line && !ended)) return;
    wantsLine.current = false;
    setHeld(log.last);
    virtual.scrollToIndex(rowOfLine(rows, line), { align: "center" });
  }, [line, log.last, ended, rows, virtual]);

  const scrolled = (element: HTMLElement) => {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (held !== null) {
      if (atEnd && scrollTop > top.current && !wantsLine.current) setHeld(null);
    } else if (!atEnd && scrollTop < top.current - 2) hold();
    top.current = scrollTop;
  };
  const more = held === null ? 0 : Math.max(0, log.last - held);
  const pressed = "aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent";
  return (
    <section aria-label="Output" className="card min-w-0 overflow-hidden">
      <div className="flex min-h-[45px] flex-wrap items-center gap-2 border-line border-b py-2 pr-3 pl-4">
        <h2 className="font-semibold tracking-tight">Output</h2>
        <p className="num text-ink-3 text-sm">
          {plural(log.last, "line")}
          {ended ? "" : !begun ? ", connecting" : connected ? "" : ", the stream broke and is tried again"}
        </p>
        <div className="ml-auto flex gap-1.5">
          <Button size="sm" aria-pressed={wrap} onClick={() => setWrap(!wrap)} className={pressed}>
            Wrap
          </Button>
          <Button size="sm" aria-pressed={times} onClick={() => setTimes(!times)} className={pressed}>
            Times
          </Button>
          <a href={buildLogAddress(id, "download")} download className={buttonClass("plain", "sm")}>
            <Download aria-hidden className="size-3.5" />
            <span className="max-sm:sr-only">Download</span>
          </a>
          {!ended && (
            <Button
              size="sm"
              look={held === null ? "primary" : "plain"}
              aria-pressed={held === null}
              onClick={() => (held === null ? hold() : setHeld(null))}
            >
              <ArrowDownToLine aria-hidden className="size-3.5" />
              {held === null ? "Following" : "Follow"}
            </Button>
          )}
        </div>
      </div>
      {problem !== null && (
        <p
          role="alert"
          className="border-line border-b px-4 py-2.5 text-bad-ink text-sm [overflow-wrap:anywhere]"
        >
          <Said>{problem.detail}</Said>
        </p>
      )}
      <div className="relative">
        <div
          ref={pane}
          role="log"
          aria-label={title}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          onScroll={(event) => scrolled(event.currentTarget)}
          className={`h-[calc(100dvh-23rem)] min-h-80 overflow-auto overscroll-contain bg-[#0e1114] py-3 font-mono text-[#d5dbe1] text-[12.5px] leading-[20.6px] ${
            wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre"
          }`}
        >
          {rows.length > 0 ? (
            <div style={{ height: total }} className="relative">
              {virtual.getVirtualItems().map(({ index, start, key }) => {
                const row = rows[index];
                return row === undefined ? null : (
                  <div
                    key={key}
                    ref={virtual.measureElement}
                    data-index={index}
                    className="absolute left-0 min-w-full"
                    style={{ transform: `translateY(${start}px)`, ...(wrap && { right: 0 }) }}
                  >
                    <LogRow
                      row={row}
                      times={times}
                      pointed={row.kind === "line" && row.n === line}
                      onPoint={onLine}
                    />
                  </div>
                );
              })}
            </div>
          ) : problem !== null ? null : !begun ? (
            <div role="status" aria-label="Loading output" className="flex flex-col gap-2 px-4 opacity-20">
              <Skeleton className="h-3.5 w-2/3 bg-white" />
              <Skeleton className="h-3.5 w-1/2 bg-white" />
              <Skeleton className="h-3.5 w-3/5 bg-white" />
            </div>
          ) : (
            <p className="whitespace-normal px-4 text-[#8b95a0]">
              {ended
                ? "Nothing was written, or it is not kept any more."
                : waiting
                  ? "The build waits for its turn. What the builder says appears here."
                  : "Nothing said yet. What the builder says appears here."}
            </p>
          )}
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
    </section>
  );
}
