// Scaling that shows what is wanted at once, takes it back visibly when it is refused, and can be undone.
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Deployment, Service } from "@/api/types";
import { complain, notify } from "@/lib/notices";
import { type WantedReplicas, wantedReplicas } from "@/lib/wantedReplicas";
import { answered } from "./answered";
import { queries, taken } from "./useApi";

/** Clicks that follow each other so closely are one change. */
const GATHER = 600;
/** If the picture does not say so by then, it has the last word. */
const BELIEVED = 10_000;
const REFUSAL_SHOWN = 2_500;

type Seen = Pick<Service, "desired" | "revision">;

const known = (cache: QueryClient, name: string): Service | undefined =>
  cache.getQueryData(queries.catalog().queryKey)?.items.find((service) => service.name === name) ??
  cache.getQueryData(queries.service(name).queryKey);

/** What our own last change made of a service: not someone else's. */
const ours = new Map<string, Seen>();
const same = (a: Seen | undefined, b: Seen) =>
  a !== undefined && a.desired === b.desired && (a.revision === b.revision || a.revision === null);

async function change(cache: QueryClient, name: string, replicas: number): Promise<Deployment> {
  const sent: WantedReplicas = { replicas, phase: "sent" };
  wantedReplicas.set(name, sent);
  try {
    const deployment = await answered(
      cache,
      { service: name, kind: "scale", replicas },
      `Scale to ${replicas}:`,
      () => api.scale(name, replicas),
    );
    const believed: WantedReplicas = { replicas, phase: "taken" };
    wantedReplicas.set(name, believed);
    setTimeout(() => wantedReplicas.drop(name, believed), BELIEVED);
    ours.set(name, { desired: replicas, revision: deployment.to_revision });
    taken(cache, deployment);
    return deployment;
  } catch (error) {
    const refused: WantedReplicas = { replicas, phase: "refused" };
    wantedReplicas.set(name, refused);
    setTimeout(() => wantedReplicas.drop(name, refused), REFUSAL_SHOWN);
    throw error;
  }
}

const refusal = (name: string, replicas: number) => (error: unknown) =>
  void complain(`${name} was not scaled to ${replicas}`, asProblem(error), name);

function tell(cache: QueryClient, deployment: Deployment, before: number | undefined) {
  const { id, service: name, replicas, to_revision: revision } = deployment;
  const undone = before === undefined || before === replicas ? undefined : before;
  notify({
    kind: "deployment",
    deploymentId: id,
    service: name,
    act: replicas === null ? "Scale" : `Scale to ${replicas}:`,
    ...(undone !== undefined && {
      offer: {
        label: "Undo",
        run: () => {
          const now = known(cache, name);
          // The picture may still be the one from before.
          const late = now?.desired === before && (now?.revision ?? 0) < (revision ?? 0);
          if (now === undefined || late || same({ desired: replicas ?? now.desired, revision }, now))
            back(cache, name, undone);
          else elsewhere(cache, name, undone);
        },
      },
    }),
  });
}

/** Backwards is a change like any other, but has no way back of its own. */
const back = (cache: QueryClient, name: string, replicas: number) =>
  void change(cache, name, replicas).then(
    (deployment) => tell(cache, deployment, undefined),
    refusal(name, replicas),
  );

function elsewhere(cache: QueryClient, name: string, replicas: number) {
  const now = known(cache, name);
  notify({
    kind: "problem",
    title: `Someone else changed ${name} meanwhile`,
    detail: `It now wants ${now?.desired ?? "another number of"} replicas${
      now?.revision == null ? "" : ` (revision ${now.revision})`
    }. Nothing was sent.`,
    offer: { label: `Scale to ${replicas} all the same`, run: () => back(cache, name, replicas) },
  });
}

/** One change to one number; the answer matters to the caller. */
export function useScale(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (replicas: number) => {
      const before = known(cache, name)?.desired;
      const deployment = await change(cache, name, replicas);
      tell(cache, deployment, before);
      return deployment;
    },
  });
}

const gathering = new Map<string, { timer: ReturnType<typeof setTimeout>; seen: Seen }>();

function step(cache: QueryClient, service: Service, replicas: number) {
  const { name } = service;
  const open = gathering.get(name);
  clearTimeout(open?.timer);
  // What one saw at the first click, not at the last.
  const seen = open?.seen ?? { desired: service.desired, revision: service.revision };
  wantedReplicas.set(name, { replicas, phase: "gathering" });
  const timer = setTimeout(() => {
    gathering.delete(name);
    const now = known(cache, name);
    if (now !== undefined && !same(seen, now) && !same(ours.get(name), now)) {
      wantedReplicas.drop(name);
      elsewhere(cache, name, replicas);
    } else if (replicas === seen.desired) {
      wantedReplicas.drop(name);
    } else {
      change(cache, name, replicas).then(
        (deployment) => tell(cache, deployment, seen.desired),
        refusal(name, replicas),
      );
    }
  }, GATHER);
  gathering.set(name, { timer, seen });
}

/** What is shown for a service, and the way to one more or one fewer. */
export function useStepper(service: Service) {
  const cache = useQueryClient();
  const asked = useSyncExternalStore(wantedReplicas.subscribe, () => wantedReplicas.get(service.name));
  const arrived = asked?.phase === "taken" && service.desired === asked.replicas;
  useEffect(() => {
    if (arrived) wantedReplicas.drop(service.name, asked);
  }, [arrived, asked, service.name]);
  const phase = asked === undefined || arrived ? null : asked.phase;
  const shown =
    asked === undefined || phase === null || phase === "refused" ? service.desired : asked.replicas;
  return {
    shown,
    /** Null when nothing is under way that the swarm does not say itself. */
    phase,
    to: (replicas: number) => replicas >= 0 && step(cache, service, replicas),
  };
}
