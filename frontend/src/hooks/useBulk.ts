// Changes of many services with one call, each followed to its verdict.
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, body, http } from "@/api/client";
import { asProblem, isAnswerLost } from "@/api/problem";
import { type BulkAct, type BulkItem, bulkRuns } from "@/lib/bulkRuns";
import { wantedReplicas } from "@/lib/wantedReplicas";
import { findChanges } from "./answered";
import { queries, taken } from "./useApi";

/** The server's largest bulk. */
const AT_ONCE = 500;
/** So many definitions are deleted side by side: that has no call of its own. */
const SIDE_BY_SIDE = 4;

interface Asked {
  act: BulkAct;
  services: readonly string[];
  replicas?: number | null;
  adopt?: boolean;
  /** A second try of these: the others of the run keep their results. */
  again?: boolean;
}

const waiting = (service: string): BulkItem => ({ service, deployment: null, problem: null, waiting: true });
const refused = (service: string, error: unknown): BulkItem => {
  const { code, detail } = asProblem(error);
  return { service, deployment: null, problem: { code, detail }, waiting: false };
};

async function change(
  cache: QueryClient,
  act: Exclude<BulkAct, "delete">,
  services: string[],
  asked: Asked,
): Promise<BulkItem[]> {
  const began = performance.now();
  try {
    const { items } = await body(
      http.POST("/api/deployments", {
        body: {
          action: act,
          services,
          ...(act === "scale" && { replicas: asked.replicas ?? 0 }),
          adopt: act === "deploy" && (asked.adopt ?? false),
        },
      }),
    );
    return items.map((item) => ({ ...item, waiting: false }));
  } catch (error) {
    if (!isAnswerLost(asProblem(error))) return services.map((service) => refused(service, error));
    const changes = services.map((service) => ({
      service,
      kind: act,
      ...(act === "scale" && { replicas: asked.replicas ?? 0 }),
    }));
    const found = await findChanges(cache, changes, `${services.length} services`, began);
    return found.map((result, at) => {
      const service = services[at] ?? "";
      return result.status === "rejected"
        ? refused(service, result.reason)
        : { service, deployment: result.value, problem: null, waiting: false };
    });
  }
}

async function remove(service: string): Promise<BulkItem> {
  try {
    await api.deleteService(service, true);
    return { service, deployment: null, problem: null, waiting: false };
  } catch (error) {
    return refused(service, error);
  }
}

export function useBulk() {
  const cache = useQueryClient();
  return async (asked: Asked) => {
    const { act, services, replicas = null } = asked;
    const before = bulkRuns.get();
    const kept = asked.again === true ? (before?.items ?? []) : [];
    const others = kept.filter((item) => !services.includes(item.service));
    bulkRuns.set({ act, replicas, items: [...services.map(waiting), ...others] });
    const left = [...services];
    while (left.length > 0) {
      const some = left.splice(0, act === "delete" ? SIDE_BY_SIDE : AT_ONCE);
      if (act === "delete") {
        bulkRuns.answer(await Promise.all(some.map(remove)));
        continue;
      }
      if (act === "scale" && replicas !== null)
        for (const name of some) wantedReplicas.set(name, { replicas, phase: "sent" });
      const items = await change(cache, act, some, asked);
      for (const item of items) {
        wantedReplicas.drop(item.service);
        if (item.deployment !== null) taken(cache, item.deployment);
      }
      bulkRuns.answer(items);
    }
    if (act === "delete") await cache.invalidateQueries({ queryKey: ["services"] });
  };
}

/** The run with each deployment as it is by now. */
export function useBulkRun() {
  const run = useSyncExternalStore(bulkRuns.subscribe, bulkRuns.get);
  const follows = run?.items.some(({ deployment }) => deployment !== null) ?? false;
  const { data } = useQuery({
    ...queries.deployments(undefined, Math.min(10_000, (run?.items.length ?? 0) * 2 + 50)),
    enabled: follows,
  });
  if (run === null) return null;
  const now = new Map(data?.items.map((deployment) => [deployment.id, deployment]));
  const items = run.items.map((item) =>
    item.deployment === null ? item : { ...item, deployment: now.get(item.deployment.id) ?? item.deployment },
  );
  return { ...run, items };
}
