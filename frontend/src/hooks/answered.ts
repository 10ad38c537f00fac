// A change whose answer was lost may have been made: it is looked for, and never sent a second time blindly.
import type { QueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import { ApiProblem, asProblem, isAnswerLost } from "@/api/problem";
import type { Deployment, ServiceDetail } from "@/api/types";
import { dismiss, notify } from "@/lib/notices";
import { queries } from "./useApi";

const LOOK_FOR = 120_000;
const PAUSE = 2_000;
/** The server's clock tells whole seconds. */
const SLACK = 2_000;
const SIDE_BY_SIDE = 4;

interface Change {
  service: string;
  kind: Deployment["kind"];
  /** Of a change that is a number: the same one. */
  replicas?: number;
}

const said = (act: string) => ({
  kind: "waiting" as const,
  title: `${act}: the answer was lost`,
  detail: "Looking whether it was done, as soon as the server answers. Nothing is sent again.",
});

/** Sends a change; when no answer comes, finds out by the server's own record whether it was made. */
export async function answered(
  cache: QueryClient,
  change: Change,
  act: string,
  send: () => Promise<Deployment>,
): Promise<Deployment> {
  const began = performance.now();
  try {
    return await send();
  } catch (error) {
    if (!isAnswerLost(asProblem(error))) throw error;
    const notice = notify(said(`${act} ${change.service}`));
    try {
      return await findChange(cache, change, began);
    } finally {
      dismiss(notice);
    }
  }
}

/** Of many at once, each with what became of it. */
export async function findChanges(
  cache: QueryClient,
  changes: readonly Change[],
  act: string,
  began: number,
): Promise<PromiseSettledResult<Deployment>[]> {
  const notice = notify(said(act));
  const found: PromiseSettledResult<Deployment>[] = [];
  const left = [...changes];
  while (left.length > 0) {
    const some = left.splice(0, SIDE_BY_SIDE);
    found.push(...(await Promise.allSettled(some.map((change) => findChange(cache, change, began)))));
  }
  dismiss(notice);
  return found;
}

/** The same for a service that is made: whether it was is told by the catalog, in the words that were sent. */
export async function created<T>(
  cache: QueryClient,
  { name, yaml }: { name: string; yaml: string },
  send: () => Promise<T>,
): Promise<T | ServiceDetail> {
  const before = cache.getQueryData(queries.catalog().queryKey)?.items.some((each) => each.name === name);
  try {
    return await send();
  } catch (error) {
    if (!isAnswerLost(asProblem(error))) throw error;
    const notice = notify(said(`Create ${name}`));
    try {
      const found = await untilSaid(() => api.catalogEntry(name), `the catalog for ${name}`);
      if (found === "nothing") throw notDone("the catalog has no such service");
      if (before !== true && found.yaml === yaml) return found;
      throw new ApiProblem({
        status: 409,
        code: "already_exists",
        detail: `The answer was lost, and the catalog has a service ${name} with another text by now: look at it, or choose another name.`,
      });
    } finally {
      dismiss(notice);
    }
  }
}

async function findChange(cache: QueryClient, { service, kind, replicas }: Change, began: number) {
  const who = cache.getQueryData(queries.session().queryKey)?.username;
  const known = await untilSaid(() => api.newestDeployments(service), `the deployments of ${service}`);
  const since = known.now - (performance.now() - began) - SLACK;
  const ours = known.items.find(
    (each) =>
      each.kind === kind &&
      each.actor === who &&
      (replicas === undefined || each.replicas === replicas) &&
      Date.parse(each.created_at) >= since,
  );
  if (ours === undefined) throw notDone("the server knows of no such change");
  return ours;
}

const notDone = (why: string) =>
  new ApiProblem({
    status: 0,
    code: "not_done",
    detail: `The connection broke before it was sent: ${why}. Try again.`,
  });

/** Asks until there is an answer, for as long as anybody waits for one. */
async function untilSaid<T>(ask: () => Promise<T>, where: string): Promise<T> {
  const ends = performance.now() + LOOK_FOR;
  while (performance.now() < ends) {
    try {
      return await ask();
    } catch (error) {
      const problem = asProblem(error);
      // Refusals end it; silence, a restarting server and an ended session do not.
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 401) throw problem;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  throw new ApiProblem({
    status: 0,
    code: "outcome_unknown",
    detail: `The answer was lost and the server is silent: it may have been done. Look at ${where} before you do it again.`,
  });
}
