// One stream of events per tab keeps the cache as the cluster is, so that nothing is asked twice.
import { type QueryClient, type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Build, BuildFilter, Deployment, HealthReport, LiveEvents, TimelineEntry } from "@/api/types";
import {
  definitionsChanged,
  namesOnly,
  patchBuilds,
  patchDeployments,
  patchEngine,
  patchNodes,
  patchServiceBuild,
  patchTimeline,
} from "@/lib/livePatches";
import { liveState, overtaking } from "@/lib/liveState";
import { newerPage } from "@/lib/newerPage";
import { isFinal } from "@/lib/status";
import { whileSeen } from "@/lib/whileSeen";
import { inCatalog, inSwarm, queries } from "./useApi";
import { makeTaskReader } from "./useTasks";

/** Without a word for so long the connection is dead, whatever it says: the server speaks every 5 s. */
const SILENT_FOR = 40_000;
/** A stream that breaks is often back before anyone would have asked again. */
const GRACE = 3_000;
const GATHER = 200;
/** The report is only about what needs attention; its nodes and its engine come with the events. */
const GATHER_HEALTH = 1_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

type Kind = keyof LiveEvents;

/** Reads again what an event names but does not hold; many in a moment are one reading. */
function makeReader(cache: QueryClient, gather: number) {
  const wanted = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  const flush = () => {
    timer = undefined;
    last = Date.now();
    const keys = [...wanted.values()];
    wanted.clear();
    for (const queryKey of keys) void cache.invalidateQueries({ queryKey });
  };
  return {
    again(...keys: QueryKey[]) {
      for (const key of keys) wanted.set(JSON.stringify(key), key);
      timer ??= setTimeout(flush, Math.max(0, last + gather - Date.now()));
    },
    stop() {
      clearTimeout(timer);
    },
  };
}

const liveKeys: QueryKey[] = [
  ["services"],
  ["deployments"],
  ["nodes"],
  ["tasks"],
  ["health"],
  ["timeline"],
  ["builds"],
  ["projects"],
  ["registry"],
  ["approvals"],
];

/** What each kind of event does to the cache. */
function makeHandlers(cache: QueryClient) {
  const reader = makeReader(cache, GATHER);
  const health = makeReader(cache, GATHER_HEALTH);
  const registry = makeReader(cache, GATHER_HEALTH);
  const tasks = makeTaskReader(cache);
  const revisions = new Map<string, number | null>();
  let boot: string | undefined;
  /** How far the browser's clock is ahead of the server's. */
  let ahead: number | null = null;
  const healthKey = queries.health().queryKey;

  const seen = ({ as_of, stale_seconds }: LiveEvents["seen"]) => {
    if (as_of !== null && stale_seconds !== null)
      ahead = Date.now() - stale_seconds * 1000 - new Date(as_of).getTime();
    cache.setQueryData(healthKey, (report) => report && { ...report, as_of, stale_seconds });
  };
  /** The picture goes on ageing although the report was touched just now. */
  const patchHealth = (patch: (report: HealthReport) => HealthReport) => {
    const touched = cache.getQueryState(healthKey)?.dataUpdatedAt ?? Date.now();
    cache.setQueryData(healthKey, (report) => {
      if (report === undefined) return undefined;
      const { stale_seconds: stale } = report;
      return patch({
        ...report,
        stale_seconds: stale === null ? null : stale + Math.max(0, Date.now() - touched) / 1000,
      });
    });
  };
  const everything = () => {
    for (const queryKey of liveKeys) void cache.invalidateQueries({ queryKey });
  };

  const handlers: { [K in Kind]: (event: LiveEvents[K]) => void } = {
    hello(event) {
      // What was read before the stream began may have changed in between.
      if (boot !== event.boot) {
        everything();
        // Another server may have brought another page.
        if (boot !== undefined) void newerPage.look();
      }
      boot = event.boot;
      seen(event);
      patchHealth((report) => patchEngine(report, event.engine));
    },
    changed(event) {
      overtaking.note(event);
      // Which services are built from a folder or use an image is said by their definitions.
      if (definitionsChanged(revisions, event)) registry.again(["projects"], ["registry"]);
      cache.setQueryData(queries.catalog().queryKey, (list) => list && inCatalog(list, [event]));
      cache.setQueryData(queries.live().queryKey, (list) => list && inSwarm(list, [event]));
      cache.setQueryData(queries.nodes().queryKey, (list) => list && patchNodes(list, event));
      if (event.as_of !== null && ahead !== null) {
        const age = (Date.now() - ahead - new Date(event.as_of).getTime()) / 1000;
        seen({ as_of: event.as_of, stale_seconds: Math.max(0, age) });
      }
      patchHealth((report) => ({
        ...report,
        nodes: patchNodes({ items: report.nodes, total: 0 }, event).items,
      }));
      // A task may have come to a node or left it without changing what the node's list says.
      reader.again(["nodes", "one"]);
      health.again(healthKey);
      tasks.again([...event.names, ...event.removed]);
      if (namesOnly(event)) reader.again(["services", "catalog"], ["services", "live"], ["services", "one"]);
      else
        for (const name of [...event.names, ...event.removed])
          reader.again(["services", "one", name], ["services", "revisions", name]);
    },
    deployment(event) {
      cache.setQueryData(queries.deployment(event.id).queryKey, event);
      for (const [queryKey, list] of cache.getQueriesData<{ items: Deployment[]; total: number }>({
        queryKey: ["deployments", "list"],
      })) {
        const [, , of, limit] = queryKey;
        if (list !== undefined && (of === "" || of === event.service))
          cache.setQueryData(queryKey, patchDeployments(list, event, Number(limit)));
      }
      reader.again(["deployments", "filtered"]);
      if (isFinal(event.state)) {
        reader.again(["services", "revisions", event.service]);
        // That it was rolled back is told by nothing else.
        health.again(healthKey);
      }
    },
    build(event) {
      cache.setQueryData<Build>(["builds", "one", event.id], (known) => {
        // Events do not carry the steps; those of the answer stay.
        const steps = event.steps.length > 0 ? event.steps : (known?.steps ?? []);
        return known && { ...event, steps };
      });
      for (const [queryKey, list] of cache.getQueriesData<{ items: Build[]; total: number }>({
        queryKey: ["builds", "list"],
      })) {
        const [, , filter, limit] = queryKey;
        if (list !== undefined)
          cache.setQueryData(queryKey, patchBuilds(list, event, filter as BuildFilter, Number(limit)));
      }
      cache.setQueryData(queries.catalog().queryKey, (list) => list && patchServiceBuild(list, event));
      reader.again(["services", "one", event.service], ["projects"]);
    },
    registry() {
      registry.again(["registry"]);
    },
    approval() {
      reader.again(["approvals"]);
    },
    timeline({ items }) {
      for (const [queryKey, list] of cache.getQueriesData<{ items: TimelineEntry[]; total: number }>({
        queryKey: ["timeline"],
      })) {
        const [, of, limit] = queryKey;
        const news = of === "" ? items : items.filter(({ service }) => service === of);
        if (list !== undefined) cache.setQueryData(queryKey, patchTimeline(list, news, Number(limit)));
      }
    },
    engine(event) {
      patchHealth((report) => patchEngine(report, event));
      health.again(healthKey);
    },
    seen,
    resync: everything,
  };
  return {
    handlers,
    everything,
    stop: () => {
      reader.stop();
      tasks.stop();
      health.stop();
      registry.stop();
    },
  };
}

/** Opens the stream, keeps it open, and tells the views when they have to look for themselves. */
function follow(cache: QueryClient): () => void {
  const { handlers, everything, stop } = makeHandlers(cache);
  let source: EventSource | undefined;
  let heard = Date.now();
  let pause = FIRST_PAUSE;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let everLive = false;

  const live = () => {
    clearTimeout(grace);
    grace = undefined;
    pause = FIRST_PAUSE;
    liveState.set("live");
  };
  const lost = () => {
    liveState.set("polling");
    // Whoever looks now gets an answer, and asks again by itself from then on.
    everything();
  };
  const close = () => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
  };
  const open = () => {
    close();
    heard = Date.now();
    const opened = new EventSource("/api/events");
    source = opened;
    for (const kind of Object.keys(handlers) as Kind[]) {
      opened.addEventListener(kind, (message: MessageEvent<string>) => {
        if (source !== opened) return;
        heard = Date.now();
        if (kind === "hello") {
          live();
          // A new stream does not say where the one before it ended, so what it missed is not replayed.
          if (everLive && opened !== resumed) everything();
          everLive = true;
          resumed = opened;
        }
        (handlers[kind] as (event: unknown) => void)(JSON.parse(message.data));
      });
    }
    opened.addEventListener("error", () => {
      if (source !== opened) return;
      if (opened.readyState === EventSource.CLOSED) {
        // Refused: the session may have ended, which the next answer tells.
        lost();
        retry = setTimeout(open, pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      } else {
        grace ??= setTimeout(lost, GRACE);
      }
    });
  };
  let resumed: EventSource | undefined;
  const tryNow = () => {
    pause = FIRST_PAUSE;
    open();
    everything();
  };
  liveState.onTryNow(tryNow);
  globalThis.addEventListener("online", tryNow);

  const watch = setInterval(() => {
    if (source?.readyState === EventSource.OPEN && Date.now() - heard > SILENT_FOR) open();
  }, 5_000);
  liveState.set("connecting");
  grace = setTimeout(lost, GRACE);
  const end = whileSeen(open, () => {
    close();
    clearTimeout(grace);
    grace = undefined;
    liveState.set("connecting");
  });
  return () => {
    clearInterval(watch);
    liveState.onTryNow(() => undefined);
    globalThis.removeEventListener("online", tryNow);
    end();
    stop();
  };
}

export function useLiveCluster(wanted: boolean) {
  const cache = useQueryClient();
  useEffect(() => (wanted ? follow(cache) : undefined), [cache, wanted]);
}
