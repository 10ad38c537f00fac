// What the views read and do, as TanStack Query options and hooks over the API.
import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, type NewDefinition } from "@/api/client";
import { type ApiProblem, asProblem } from "@/api/problem";
import type { Changed, Deployment, Service } from "@/api/types";
import { patchNodes, patchServices } from "@/lib/livePatches";
import { liveState, overtaking } from "@/lib/liveState";
import { notify } from "@/lib/notices";
import { mergeServices } from "@/lib/serviceList";
import { isFinal } from "@/lib/status";

const WITHOUT_STREAM = 10_000;
const AFTER_PROBLEM = 5_000;

/** Events keep the answers fresh; without them, and after a problem, the view asks again by itself. */
const live = (query: { state: { status: string } }) =>
  query.state.status === "error" ? AFTER_PROBLEM : liveState.get() === "live" ? false : WITHOUT_STREAM;

/** While events come, an answer is good until one says otherwise; the bound is for what no event tells. */
const fresh = () => (liveState.get() === "live" ? 30_000 : 1_000);

type ServiceList = Awaited<ReturnType<typeof api.catalog>>;
type NodeList = Awaited<ReturnType<typeof api.nodes>>;

export const inCatalog = (list: ServiceList, events: readonly Changed[]) =>
  events.reduce((sum, event) => patchServices(sum, event, (service) => service.in_catalog), list);
export const inSwarm = (list: ServiceList, events: readonly Changed[]) =>
  events.reduce((sum, event) => patchServices(sum, event, (service) => service.live), list);
const ofNodes = (list: NodeList, events: readonly Changed[]) => events.reduce(patchNodes, list);

/** Reads a list, and brings it up to the events that came while it was on its way. */
async function caughtUp<L>(read: () => Promise<L>, patch: (list: L, events: readonly Changed[]) => L) {
  const mark = overtaking.mark();
  const list = await read();
  return patch(list, overtaking.since(mark));
}

export const queries = {
  session: () =>
    queryOptions({ queryKey: ["session"], queryFn: ({ signal }) => api.session(signal), staleTime: 60_000 }),
  health: () =>
    queryOptions({
      queryKey: ["health"],
      queryFn: ({ signal }) => api.health(signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
  catalog: () =>
    queryOptions({
      queryKey: ["services", "catalog"],
      queryFn: ({ signal }) => caughtUp(() => api.catalog(signal), inCatalog),
      refetchInterval: live,
      staleTime: fresh,
    }),
  live: () =>
    queryOptions({
      queryKey: ["services", "live"],
      queryFn: ({ signal }) => caughtUp(() => api.live(signal), inSwarm),
      refetchInterval: live,
      staleTime: fresh,
    }),
  service: (name: string) =>
    queryOptions({
      queryKey: ["services", "one", name],
      queryFn: ({ signal }) => api.service(name, signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
  deployments: (service?: string, limit = 20) =>
    queryOptions({
      queryKey: ["deployments", "list", service ?? "", limit],
      queryFn: ({ signal }) => api.deployments({ limit, ...(service !== undefined && { service }) }, signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
  deployment: (id: string) =>
    queryOptions({
      queryKey: ["deployments", "one", id],
      queryFn: ({ signal }) => api.deployment(id, signal),
      refetchInterval: (query) =>
        query.state.data && (liveState.get() === "live" || isFinal(query.state.data.state)) ? false : 1_000,
    }),
  nodes: () =>
    queryOptions({
      queryKey: ["nodes", "all"],
      queryFn: ({ signal }) => caughtUp(() => api.nodes(signal), ofNodes),
      refetchInterval: live,
      staleTime: fresh,
    }),
  node: (id: string) =>
    queryOptions({
      queryKey: ["nodes", "one", id],
      queryFn: ({ signal }) => api.node(id, signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
  timeline: (service?: string, limit = 100) =>
    queryOptions({
      queryKey: ["timeline", service ?? "", limit],
      queryFn: ({ signal }) => api.timeline({ limit, ...(service !== undefined && { service }) }, signal),
      refetchInterval: live,
      staleTime: fresh,
      placeholderData: keepPreviousData,
    }),
  revisions: (name: string) =>
    queryOptions({
      queryKey: ["services", "revisions", name],
      queryFn: ({ signal }) => api.revisions(name, signal),
    }),
  revisionText: (name: string, revision: number) =>
    queryOptions({
      queryKey: ["revision-text", name, revision],
      queryFn: ({ signal }) => api.revisionText(name, revision, signal),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  drainPreview: (id: string) =>
    queryOptions({
      queryKey: ["nodes", "drain-preview", id],
      queryFn: ({ signal }) => api.drainPreview(id, signal),
    }),
  tokens: () => queryOptions({ queryKey: ["tokens"], queryFn: ({ signal }) => api.tokens(signal) }),
};

export const useSession = () => useQuery(queries.session());
export const useHealth = () => useQuery(queries.health());
export const useNodes = () => useQuery(queries.nodes());
export const useNode = (id: string) => useQuery(queries.node(id));
export const useDrainPreview = (id: string) => useQuery(queries.drainPreview(id));
export const useService = (name: string) => useQuery(queries.service(name));
export const useDeployments = (service?: string, limit?: number) =>
  useQuery(queries.deployments(service, limit));
export const useDeployment = (id: string) => useQuery(queries.deployment(id));
export const useTimeline = (service?: string, limit?: number) => useQuery(queries.timeline(service, limit));
export const useRevisions = (name: string) => useQuery(queries.revisions(name));
export const useRevisionText = (name: string, revision: number) =>
  useQuery(queries.revisionText(name, revision));
export const useTokens = () => useQuery(queries.tokens());

export interface ServicesView {
  services: Service[] | undefined;
  problem: ApiProblem | null;
  /** One half of the list is missing; the other is shown. */
  partial: "catalog" | "live" | null;
  retry: () => void;
}

/** Catalog and swarm merged by name. Shows what there is when only one of the two answers. */
export function useServices(): ServicesView {
  const catalog = useQuery(queries.catalog());
  const running = useQuery(queries.live());
  const services = useMemo(() => {
    if (catalog.data === undefined && running.data === undefined) return undefined;
    if (catalog.isPending || running.isPending) return undefined;
    return mergeServices(catalog.data?.items ?? [], running.data?.items ?? []);
  }, [catalog.data, running.data, catalog.isPending, running.isPending]);
  const failed = catalog.error ?? running.error;
  return {
    services,
    problem: failed === null ? null : asProblem(failed),
    partial:
      catalog.isError && !running.isError ? "catalog" : running.isError && !catalog.isError ? "live" : null,
    retry: () => {
      void catalog.refetch();
      void running.refetch();
    },
  };
}

/** Follows a change that was taken: lists are read again, and a notice tells how it ends. */
function useFollowed(act: string) {
  const cache = useQueryClient();
  return (deployment: Deployment) => {
    cache.setQueryData(queries.deployment(deployment.id).queryKey, deployment);
    void cache.invalidateQueries({ queryKey: ["services"] });
    void cache.invalidateQueries({ queryKey: ["deployments"] });
    notify({ kind: "deployment", deploymentId: deployment.id, service: deployment.service, act });
  };
}

const tell = (title: string) => (error: unknown) => {
  notify({ kind: "problem", title, detail: asProblem(error).detail });
};

export function useDeploy(name: string) {
  const followed = useFollowed("Deploy");
  return useMutation({
    mutationFn: (options: { adopt?: boolean } = {}) => api.deploy(name, options.adopt ?? false),
    onSuccess: followed,
  });
}

export function useStop(name: string) {
  return useMutation({ mutationFn: () => api.stop(name), onSuccess: useFollowed("Stop") });
}

export function useScale(name: string) {
  return useMutation({
    mutationFn: (replicas: number) => api.scale(name, replicas),
    onSuccess: useFollowed("Scale"),
  });
}

export function useRestart(name: string) {
  return useMutation({ mutationFn: () => api.restart(name), onSuccess: useFollowed("Restart") });
}

/** Without a revision: to what was deployed before. */
export function useRollback(name: string) {
  return useMutation({
    mutationFn: (revision: number | null) => api.rollback(name, revision),
    onSuccess: useFollowed("Roll back"),
  });
}

export function useCreateService() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ name, definition }: { name: string; definition: NewDefinition }) =>
      api.createService(name, definition),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["services"] }),
  });
}

export function useUpdateService(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ yaml, etag }: { yaml: string; etag: string | null }) =>
      api.updateService(name, { yaml }, etag),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["services"] }),
  });
}

export function useDeleteService(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ force }: { force: boolean }) => api.deleteService(name, force),
    onSuccess: () => {
      notify({ kind: "done", title: `${name} is no longer in the catalog` });
      void cache.invalidateQueries({ queryKey: ["services"] });
    },
  });
}

export function useSetAvailability(id: string, hostname: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (to: "drain" | "active") => (to === "drain" ? api.drain(id) : api.activate(id)),
    onSuccess: (_change, to) => {
      notify({
        kind: "done",
        title: to === "drain" ? `${hostname} is drained` : `${hostname} is active`,
        detail:
          to === "drain"
            ? "Its tasks end here and start again elsewhere where they may."
            : "It takes new tasks; running ones stay where they are.",
      });
      void cache.invalidateQueries({ queryKey: ["nodes"] });
      void cache.invalidateQueries({ queryKey: ["services"] });
      void cache.invalidateQueries({ queryKey: ["health"] });
    },
  });
}

export function useSignIn() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: api.signIn,
    onSuccess: (session) => {
      cache.clear();
      cache.setQueryData(queries.session().queryKey, session);
    },
  });
}

export function useSetUp() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: api.setUp,
    onSuccess: (session) => {
      cache.setQueryData(queries.session().queryKey, session);
    },
  });
}

export function useSignOut() {
  return useMutation({ mutationFn: api.signOut, onError: tell("Could not sign out") });
}

export function useCreateToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: api.createToken,
    onSuccess: () => cache.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useRevokeToken() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: { id: string; name: string }) => api.revokeToken(id),
    onSuccess: (_nothing, { name }) => {
      notify({ kind: "done", title: `Token ${name} no longer works` });
      return cache.invalidateQueries({ queryKey: ["tokens"] });
    },
  });
}
