// Follows what a builder says; ends with the build, goes on where it was when the line broke.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { buildLogAddress, images } from "@/api/images";
import { type ApiProblem, asProblem } from "@/api/problem";
import type { BuildLogEvents, BuildStep } from "@/api/types";
import { type BuildLog, emptyBuildLog, withLines } from "@/lib/buildLog";
import { isBuildFinal } from "@/lib/status";
import { whileSeen } from "@/lib/whileSeen";
import { buildQueries } from "./useBuilds";

const BUNDLE = 100;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;

export interface BuildLogView {
  log: BuildLog;
  /** Steps that the stream told of, newer than those of the build's own answer. */
  steps: ReadonlyMap<string, BuildStep>;
  begun: boolean;
  connected: boolean;
  /** All that will ever come is here. */
  ended: boolean;
  problem: ApiProblem | null;
}

const nothing: BuildLogView = {
  log: emptyBuildLog,
  steps: new Map(),
  begun: false,
  connected: false,
  ended: false,
  problem: null,
};

/** `attempt`: a push that is tried again makes an ended build go on, with more to say. */
export function useBuildLog(id: string, attempt: number): BuildLogView {
  const [view, setView] = useState(nothing);
  const cache = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another stream
  useEffect(() => {
    let source: EventSource | undefined;
    let lines: BuildLogEvents["line"][] = [];
    let steps: BuildStep[] = [];
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let pause = FIRST_PAUSE;
    setView(nothing);

    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      const [newLines, newSteps] = [lines, steps];
      lines = [];
      steps = [];
      setView((now) => ({
        ...now,
        begun: true,
        connected: !over,
        ended: over,
        problem: null,
        log: withLines(now.log, newLines),
        steps:
          newSteps.length === 0
            ? now.steps
            : new Map([...now.steps, ...newSteps.map((step) => [step.id, step] as const)]),
      }));
    };
    const soon = () => {
      timer ??= setTimeout(flush, BUNDLE);
    };
    /** A stream that is refused does not say why; a reading does. What is not there is not asked for again. */
    const refused = async (of: EventSource) => {
      const problem = await images.buildOf(id).then(() => null, asProblem);
      if (source !== of) return;
      setView((now) => ({ ...now, begun: true, problem }));
      if (problem !== null && problem.status >= 400 && problem.status < 429 && problem.status !== 401) return;
      retry = setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
    const open = () => {
      if (over) return;
      const opened = new EventSource(buildLogAddress(id, "stream"));
      source = opened;
      const on = <K extends keyof BuildLogEvents>(kind: K, take: (event: BuildLogEvents[K]) => void) =>
        opened.addEventListener(kind, (message: MessageEvent<string>) => {
          if (source === opened) take(JSON.parse(message.data));
        });
      opened.addEventListener("open", () => {
        pause = FIRST_PAUSE;
        setView((now) => ({ ...now, begun: true, connected: true, problem: null }));
      });
      on("line", (event) => {
        lines.push(event);
        soon();
      });
      on("step", (step) => {
        steps.push(step);
        soon();
      });
      on("state", (build) => {
        cache.setQueryData(buildQueries.one(id).queryKey, (known) => ({
          ...build,
          steps: build.steps.length > 0 ? build.steps : (known?.steps ?? []),
        }));
        if (!isBuildFinal(build.state)) return;
        // The last word: a browser would take the end of the stream for a stumble and ask again.
        over = true;
        opened.close();
        flush();
      });
      opened.addEventListener("error", () => {
        if (source !== opened || over) return;
        setView((now) => ({ ...now, connected: false }));
        if (opened.readyState === EventSource.CLOSED) void refused(opened);
      });
    };
    const close = () => {
      source?.close();
      source = undefined;
      clearTimeout(retry);
      clearTimeout(timer);
      timer = undefined;
      lines = [];
      steps = [];
    };
    return whileSeen(open, close);
  }, [id, attempt, cache]);
  return view;
}
