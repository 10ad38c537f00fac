// Follows the log of one service: lines as they are written, and who does not answer.
import { useEffect, useState } from "react";
import { api, type LogFilter, logAddress } from "@/api/client";
import { type ApiProblem, asProblem } from "@/api/problem";
import type { LogEvents } from "@/api/types";
import { plural } from "@/lib/format";
import { appended, emptyLog, type LogSnapshot } from "@/lib/logBuffer";
import { whileSeen } from "@/lib/whileSeen";

const TAIL = 500;
/** Lines are drawn in bundles: a screen shows no more than ten pictures of text a second to a reader. */
const BUNDLE = 100;
/** A hidden tab's timers sleep; what waits for them is bounded as well. */
const WAITING = 5_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;

export interface LogStream {
  log: LogSnapshot;
  /** The first word has come. */
  begun: boolean;
  connected: boolean;
  problem: ApiProblem | null;
  /** What is missing and why, a sentence each. */
  missing: readonly string[];
}

const nothing: LogStream = { log: emptyLog, begun: false, connected: false, problem: null, missing: [] };
const isBad = (state: LogEvents["state"]["state"]) =>
  state === "silent" || state === "down" || state === "limited";

type New = Parameters<typeof appended>[1][number];

export function useLogStream(name: string, filter: LogFilter, enabled: boolean): LogStream {
  const [stream, setStream] = useState(nothing);
  const address = logAddress(name, "stream", { ...filter, tail: String(TAIL) });
  const probe = JSON.stringify(filter);
  useEffect(() => {
    if (!enabled) return;
    let source: EventSource | undefined;
    let waiting: New[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let pause = FIRST_PAUSE;
    const missing = new Map<string, string>();
    setStream(nothing);

    const flush = () => {
      timer = undefined;
      const news = waiting;
      waiting = [];
      setStream((now) => ({
        ...now,
        begun: true,
        connected: true,
        problem: null,
        log: appended(now.log, news),
        missing: [...missing.values()],
      }));
    };
    const put = (...news: New[]) => {
      waiting.push(...news);
      if (waiting.length > WAITING) waiting = waiting.slice(-WAITING);
      timer ??= setTimeout(flush, BUNDLE);
    };
    const told = ({ node, task, state, message }: LogEvents["state"]) => {
      const ofService = state === "absent" || state === "present";
      const subject = task ?? node ?? (ofService ? name : null);
      const key = subject ?? (state === "limited" ? "limited" : "engine");
      const text = subject === null ? message : `${subject}: ${message}`;
      if (isBad(state)) missing.set(key, text);
      else missing.delete(key);
      put({ kind: "note", tone: isBad(state) ? "warn" : "info", text });
    };
    /** A stream that is refused does not say why; a reading does. What was asked wrongly is not asked again. */
    const refused = async (of: EventSource) => {
      const problem = await api.logs(name, JSON.parse(probe)).then(() => null, asProblem);
      if (source !== of) return;
      setStream((now) => ({ ...now, begun: true, problem }));
      if (problem !== null && problem.status >= 400 && problem.status < 429) return;
      retry = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
    const open = () => {
      const opened = new EventSource(address);
      source = opened;
      let fresh = true;
      const on = <K extends keyof LogEvents>(kind: K, take: (event: LogEvents[K]) => void) =>
        opened.addEventListener(kind, (message: MessageEvent<string>) => {
          if (source === opened) take(JSON.parse(message.data));
        });
      opened.addEventListener("open", () => {
        pause = FIRST_PAUSE;
        missing.clear();
        // Another stream begins with its own tail; one that only stumbled goes on where it was.
        if (fresh) setStream({ ...nothing, begun: true, connected: true });
        else setStream((now) => ({ ...now, connected: true, missing: [] }));
        fresh = false;
      });
      on("line", ({ items }) => put(...items.map((entry): New => ({ kind: "line", entry }))));
      on("state", told);
      on("dropped", ({ count }) =>
        put({
          kind: "note",
          tone: "warn",
          text: `${plural(count, "line")} dropped: more than can be carried`,
        }),
      );
      opened.addEventListener("error", () => {
        if (source !== opened) return;
        setStream((now) => ({ ...now, connected: false }));
        if (opened.readyState !== EventSource.CLOSED) return;
        void refused(opened);
      });
    };
    const close = () => {
      source?.close();
      source = undefined;
      clearTimeout(retry);
      clearTimeout(timer);
      timer = undefined;
      waiting = [];
    };
    return whileSeen(open, close);
  }, [name, address, probe, enabled]);
  return stream;
}
