// The rows of a log; only those in sight are in the document. What one reads stays where it is, whatever comes or goes.
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type ReactNode,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { LogSession, LogState } from "@/hooks/logSession";
import type { LogLook } from "@/hooks/useLogLook";
import type { LogLevel } from "@/lib/logLevel";
import type { Clock } from "@/lib/preferences";
import { LONGEST_SHOWN, LogLine } from "./LogLine";

const ROW = 20;
const LETTER = 7.5;
/** So many of the oldest rows go together while one reads. */
const GO_AT_ONCE = 1_000;
/** Measured heights are forgotten after so many lines, for they are kept by row. */
const FORGET_AFTER = 20_000;

export interface LogPaneHandle {
  show: (n: number) => void;
  /** The row so many rows from another one, or the first in sight. */
  next: (from: number | null, by: number) => number | null;
}

interface Props {
  service: string;
  label: string;
  session: LogSession;
  state: LogState;
  levels: readonly LogLevel[];
  /** Rows from here on are not shown; null: the newest are in sight. */
  heldAt: number | null;
  look: LogLook;
  clock: Clock;
  widths: { task: number; node: number };
  cursor: number | null;
  opened: ReadonlySet<number>;
  filtered: boolean;
  tall: boolean;
  head: ReactNode;
  empty: ReactNode;
  onHold: () => void;
  onFollow: () => void;
  onOpen: (n: number) => void;
  onCursor: (n: number | null) => void;
  handle: React.Ref<LogPaneHandle>;
}

export function LogPane(props: Props) {
  const { session, state, levels, heldAt, look, clock, widths, cursor, opened, onHold, onFollow } = props;
  const { store } = session;
  const pane = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const [columns, setColumns] = useState(100);
  const [hovered, setHovered] = useState<number | null>(null);
  const follows = heldAt === null;
  const end = heldAt === null ? state.end : Math.min(heldAt, state.end);
  // Who reads is not made to wait for the places of 100,000 rows ten times a second: the oldest go many at a time.
  const first =
    heldAt !== null && store.isFull()
      ? Math.min(end, Math.ceil(state.first / GO_AT_ONCE) * GO_AT_ONCE)
      : state.first;
  const { shifts } = store;
  const chosen = levels.join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: levels as said; a shift gives the numbers to other lines
  const rows = useMemo(() => {
    if (levels.length === 0)
      return {
        count: Math.max(0, end - first),
        at: (index: number) => first + index,
        of: (n: number) => n - first,
      };
    const found = store.ofLevels(levels, first, end);
    return {
      count: found.length,
      at: (index: number) => found[index] ?? 0,
      of: (n: number) => placeOf(found, n),
    };
  }, [first, end, chosen, shifts, store]);
  const estimate = useCallback(
    (index: number) =>
      look.wrap
        ? ROW * Math.max(1, Math.ceil(Math.min(store.size(rows.at(index)), LONGEST_SHOWN) / columns))
        : ROW,
    [rows, columns, look.wrap, store],
  );
  const virtual = useVirtualizer({
    count: rows.count,
    getScrollElement: () => pane.current,
    estimateSize: estimate,
    getItemKey: rows.at,
    overscan: 8,
    paddingStart: 44,
    paddingEnd: 12,
    anchorTo: follows ? "start" : "end",
    initialRect: { width: 800, height: 600 },
  });
  const total = virtual.getTotalSize();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pane is moved whenever what it shows grows
  useLayoutEffect(() => {
    const { current } = pane;
    if (!follows || current === null) return;
    current.scrollTop = current.scrollHeight;
    top.current = current.scrollTop;
  }, [rows, total, follows]);
  const taken = (look.times ? 13 : 0) + widths.task + (look.nodes ? widths.node + 2 : 0) + 7;
  useLayoutEffect(() => {
    const { current } = pane;
    if (current === null) return;
    const measure = () => {
      const letters = Math.floor(current.clientWidth / LETTER);
      setColumns(Math.max(20, letters > 80 ? letters - taken : letters - 5));
    };
    const watch = new ResizeObserver(measure);
    watch.observe(current);
    measure();
    return () => watch.disconnect();
  }, [taken]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other looks and widths are other heights
  useEffect(() => virtual.measure(), [look.wrap, look.times, look.nodes, columns]);
  const era = follows ? Math.floor(state.first / FORGET_AFTER) : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each so many lines
  useEffect(() => virtual.measure(), [era]);

  useImperativeHandle(props.handle, () => ({
    show: (n) => virtual.scrollToIndex(rows.of(n), { align: "center" }),
    next: (from, by) => {
      if (rows.count === 0) return null;
      const first = virtual.getVirtualItemForOffset(virtual.scrollOffset ?? 0)?.index ?? 0;
      const last = Math.min(
        rows.count - 1,
        Math.max(0, from === null ? (follows ? rows.count - 1 : first) : rows.of(from) + by),
      );
      virtual.scrollToIndex(last, { align: "auto" });
      return rows.at(last);
    },
  }));
  const scrolled = (element: HTMLElement) => {
    const { scrollTop, scrollHeight, clientHeight } = element;
    const atEnd = scrollHeight - scrollTop - clientHeight < 24;
    if (!follows) {
      if (atEnd && scrollTop > top.current) onFollow();
    } else if (!atEnd && scrollTop < top.current - 2) onHold();
    top.current = scrollTop;
  };
  return (
    <div
      ref={pane}
      role="log"
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      onScroll={(event) => scrolled(event.currentTarget)}
      onPointerLeave={() => setHovered(null)}
      style={{ "--task": `${widths.task}ch`, "--node": `${widths.node}ch` } as React.CSSProperties}
      className={`log-ground relative overflow-auto overscroll-contain font-mono text-[12.5px] leading-5 focus-visible:-outline-offset-2 ${
        props.tall ? "h-full" : "h-[calc(100dvh-21rem)] min-h-80 max-sm:h-[calc(100dvh-19rem)]"
      } ${look.wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre"}`}
    >
      {rows.count === 0 ? (
        <div className="px-4 py-3 whitespace-normal">{props.empty}</div>
      ) : (
        <div style={{ height: total }} className="relative">
          <div className="sticky left-0 flex h-11 w-[min(100%,calc(100cqw))] items-center px-4 font-sans text-sm whitespace-normal">
            {props.head}
          </div>
          {virtual.getVirtualItems().map(({ index, start, key }) => {
            const n = rows.at(index);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: j and k move the same cursor by keyboard
              // biome-ignore lint/a11y/noStaticElementInteractions: as above
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className="absolute top-0 left-0 min-w-full"
                style={{ transform: `translateY(${start}px)`, ...(look.wrap && { right: 0 }) }}
                onPointerEnter={(event) => event.pointerType === "mouse" && setHovered(n)}
                onClick={() => props.onCursor(n)}
              >
                <LogLine
                  store={store}
                  n={n}
                  shift={store.shifts}
                  service={props.service}
                  look={look}
                  clock={clock}
                  open={opened.has(n)}
                  marked={state.marked === n}
                  cursor={cursor === n}
                  tools={cursor === n || hovered === n}
                  filtered={props.filtered}
                  onOpen={props.onOpen}
                />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

/** Where a number stands among sorted ones, or the first after it. */
function placeOf(found: Int32Array, n: number): number {
  let from = 0;
  let to = found.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((found[middle] ?? 0) < n) from = middle + 1;
    else to = middle;
  }
  return from;
}
