// The newest lines of all tasks, merged by time; follows while one looks at the end.
import { clsx } from "clsx";
import { ArrowDownToLine, Download, ScrollText } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import type { LogEntry, ServiceDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { EmptyState, ProblemNote, ProblemState, Skeleton } from "@/components/States";
import { useLogs } from "@/hooks/useApi";
import { useSlash } from "@/hooks/useSlash";
import { clockTime, plural, whenExactly, withoutColourCodes } from "@/lib/format";

const TAIL = 500;
const hues = ["#5ccfa0", "#8ab4ff", "#f0b429", "#e48bd0", "#6ad3e0", "#c3a6ff", "#f29a76", "#a5d66b"];

interface Line extends LogEntry {
  key: string;
  text: string;
}

/** Keys that survive the window moving on: equal lines of one instant are counted. */
export function keyed(entries: readonly LogEntry[]): Line[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const base = `${entry.time} ${entry.task_id} ${entry.line}`;
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    return { ...entry, key: `${base} ${count}`, text: withoutColourCodes(entry.line) };
  });
}

const level = (text: string) =>
  /\b(ERROR|FATAL|CRITICAL|PANIC)\b/i.test(text.slice(0, 120))
    ? "text-[#ff8f98]"
    : /\bWARN(ING)?\b/i.test(text.slice(0, 120))
      ? "text-[#f0c674]"
      : "";

interface Props {
  service: ServiceDetail;
  task: string | undefined;
  q: string | undefined;
  onSearch: (change: { task?: string; q?: string }) => void;
}

export function LogView({ service, task, q = "", onSearch }: Props) {
  const [following, setFollowing] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(true);
  const box = useRef<HTMLInputElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useSlash(box);
  const logs = useLogs(
    service.name,
    { tail: TAIL, ...(task !== undefined && { task }) },
    following && service.live,
  );
  const lines = useMemo(() => keyed(logs.data?.items ?? []), [logs.data]);
  const shown = useMemo(() => {
    const wanted = q.toLowerCase();
    return wanted === "" ? lines : lines.filter((line) => line.text.toLowerCase().includes(wanted));
  }, [lines, q]);
  const tasks = useMemo(() => {
    const named = service.tasks.filter((each) => each.desired_state === "running").map((each) => each.name);
    return [...new Set(task === undefined ? named : [...named, task])].sort((a, b) =>
      a.localeCompare(b, "en", { numeric: true }),
    );
  }, [service.tasks, task]);
  const hueOf = useMemo(() => {
    const order = [...new Set([...tasks, ...lines.map((line) => line.task)])];
    return new Map(order.map((name, index) => [name, hues[index % hues.length]]));
  }, [tasks, lines]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the pane must be moved whenever its lines change
  useLayoutEffect(() => {
    if (atEnd.current && pane.current !== null) pane.current.scrollTop = pane.current.scrollHeight;
  }, [shown, wrap, times]);
  useEffect(() => {
    if (following) atEnd.current = true;
  }, [following]);

  if (!service.live && lines.length === 0) {
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
  const problem = logs.error === null ? null : asProblem(logs.error);
  const download = () => {
    const text = shown
      .map((line) => `${line.time} ${line.task} ${line.node} ${line.stream} ${line.text}\n`)
      .join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = `${task ?? service.name}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  const chip = (pressed: boolean) =>
    clsx(
      "whitespace-nowrap rounded-full border px-2.5 py-1 font-[550] text-sm transition-colors",
      pressed
        ? "border-accent bg-accent-soft text-accent"
        : "border-line-strong bg-surface text-ink-2 hover:border-ink-3",
    );
  return (
    <section aria-label="Logs" className="card overflow-hidden">
      <div className="flex flex-wrap items-center gap-2 border-line border-b p-3">
        <input
          ref={box}
          type="search"
          aria-label="Filter lines"
          placeholder="Filter lines"
          value={q}
          onChange={(event) => onSearch({ q: event.target.value })}
          onKeyDown={(event) => event.key === "Escape" && onSearch({ q: "" })}
          className="field w-full sm:w-60"
        />
        {tasks.length > 1 && (
          <fieldset className="flex min-w-0 gap-1.5 overflow-x-auto py-0.5">
            <legend className="sr-only">Task</legend>
            <button
              type="button"
              aria-pressed={task === undefined}
              onClick={() => onSearch({ task: "" })}
              className={chip(task === undefined)}
            >
              All tasks
            </button>
            {tasks.slice(0, 12).map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={task === name}
                onClick={() => onSearch({ task: name })}
                className={chip(task === name)}
              >
                {name}
              </button>
            ))}
          </fieldset>
        )}
        <div className="ml-auto flex gap-1.5">
          <Button
            size="sm"
            aria-pressed={wrap}
            onClick={() => setWrap(!wrap)}
            className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
          >
            Wrap
          </Button>
          <Button
            size="sm"
            aria-pressed={times}
            onClick={() => setTimes(!times)}
            className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
          >
            Times
          </Button>
          <Button size="sm" onClick={download} disabled={shown.length === 0}>
            <Download aria-hidden className="size-3.5" />
            <span className="max-sm:sr-only">Download</span>
          </Button>
          <Button
            size="sm"
            look={following ? "primary" : "plain"}
            aria-pressed={following}
            onClick={() => setFollowing(!following)}
          >
            <ArrowDownToLine aria-hidden className="size-3.5" />
            {following ? "Following" : "Follow"}
          </Button>
        </div>
      </div>
      {problem !== null && logs.data === undefined ? (
        <ProblemState problem={problem} onRetry={() => void logs.refetch()} />
      ) : (
        <>
          {problem !== null && (
            <div className="p-3">
              <ProblemNote problem={problem} />
            </div>
          )}
          <div
            ref={pane}
            role="log"
            aria-label={`Log lines of ${task ?? service.name}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            tabIndex={0}
            onScroll={(event) => {
              const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
              atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
            }}
            className={clsx(
              "h-[calc(100dvh-19.5rem)] min-h-72 overflow-auto bg-[#0e1114] px-4 py-3 font-mono text-[#d5dbe1] text-[12.5px] leading-[1.65]",
              wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre",
            )}
          >
            {logs.data === undefined ? (
              <div role="status" aria-label="Loading logs" className="flex flex-col gap-2 opacity-20">
                <Skeleton className="h-3.5 w-2/3 bg-white" />
                <Skeleton className="h-3.5 w-1/2 bg-white" />
                <Skeleton className="h-3.5 w-3/5 bg-white" />
              </div>
            ) : shown.length === 0 ? (
              <p className="text-[#8b95a0]">
                {lines.length === 0
                  ? "Nothing written yet. What the containers print to stdout and stderr appears here."
                  : `None of the last ${lines.length} lines holds “${q}”.`}
              </p>
            ) : (
              shown.map((line) => (
                <div key={line.key} title={`${whenExactly(line.time)}, ${line.node}, ${line.stream}`}>
                  {times && <span className="num text-[#8b95a0]">{clockTime(line.time)} </span>}
                  <span style={{ color: hueOf.get(line.task) }}>{line.task}</span>{" "}
                  {line.stream === "stderr" && <span className="text-[#ff8f98]">err </span>}
                  <span className={level(line.text)}>{line.text}</span>
                </div>
              ))
            )}
            {logs.data?.incomplete.map((node) => (
              <div key={node} className="text-[#f0c674]">
                — {node} does not answer; its lines are missing —
              </div>
            ))}
          </div>
          <p className="num border-line border-t px-4 py-2 text-ink-3 text-sm">
            {q === "" ? plural(lines.length, "line") : `${shown.length} of ${plural(lines.length, "line")}`},
            the newest {TAIL} at most{following ? ", read again every 2 s" : ", not following"}
          </p>
        </>
      )}
    </section>
  );
}
