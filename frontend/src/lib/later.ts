// Parts of the page that are loaded later, when the network may be down or the server another one.
import { type ComponentType, lazy } from "react";
import { ApiProblem } from "@/api/problem";
import { dismiss, notify } from "./notices";

const PAUSES = [300, 1_500, 3_000];
/** Shorter than this is a hiccup that nobody needs to hear of. */
const HICCUPS = 2;

const outdated = () =>
  new ApiProblem({
    status: 0,
    code: "page_outdated",
    detail: "The server has another version of this page by now. Reload it to go on.",
  });

const answers = () =>
  globalThis.fetch("/api/health", { cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Tries until the part is there: React remembers a failure for good, and what is written would be lost. */
async function persistently<M>(load: () => Promise<M>): Promise<M> {
  let said: number | undefined;
  try {
    for (let failed = 0; ; failed += 1) {
      try {
        return await load();
      } catch {
        if (failed >= HICCUPS && (await answers()))
          return await load().catch(() => {
            throw outdated();
          });
        if (failed === HICCUPS)
          said = notify({
            kind: "problem",
            title: "A part of the page could not be loaded",
            detail: "The orchestrator's server does not answer. It is tried again by itself.",
          });
        await new Promise((resolve) => setTimeout(resolve, PAUSES[failed] ?? PAUSES.at(-1)));
      }
    }
  } finally {
    if (said !== undefined) dismiss(said);
  }
}

export const later = <P>(load: () => Promise<{ default: ComponentType<P> }>) =>
  lazy(() => persistently(load));

/** A page of its own, which the router may load before it is gone to. */
export function laterPage(load: () => Promise<ComponentType>) {
  const preload = () =>
    load().then(
      () => undefined,
      () => undefined,
    );
  return Object.assign(
    later(async () => ({ default: await load() })),
    { preload },
  );
}
