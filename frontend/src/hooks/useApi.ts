// What the views read and do, as TanStack Query options and hooks over the API.
import {
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { type ApiProblem, asProblem } from "@/api/problem";
import type { Changed, Deployment, Service } from "@/api/types";
import { patchNodes, patchServices } from "@/lib/livePatches";
import { liveState, overtaking } from "@/lib/liveState";
import { complain, notify } from "@/lib/notices";
import { mergeServices } from "@/lib/serviceList";
import { isFinal } from "@/lib/status";
import { answered, created } from "./answered";

export { useScale } from "./useScaling";

export const WITHOUT_STREAM = 10_000;
export const AFTER_PROBLEM = 5_000;

/** Events keep the answers fresh; without them, and after a problem, the view asks again by itself. */
export const live = (query: { state: { status: string } }) =>
  query.state.status === "error" ? AFTER_PROBLEM : liveState.get() === "live" ? false : WITHOUT_STREAM;

/** While events come, an answer is good until one says otherwise; the bound is for what no event tells. */
export const fresh = () => (liveState.get() === "live" ? 30_000 : 1_000);

type ServiceList = Awaited<ReturnType<typeof api.catalog>>;
type NodeList = Awaited<ReturnType<typeof api.nodes>>;

export const inCatalog = (list: ServiceList, events: readonly Changed[]) =>
  events.reduce((sum, event) => patchServices(sum, event, (service) => service.in_catalog), list);
export const inSwarm = (list: ServiceList, events: readonly Changed[]) =>
  events.reduce((sum, event) => patchServices(sum, event, (service) => service.live), list);
const ofNodes = (list: NodeList, events: readonly Changed[]) => events.reduce(patchNodes, list);

/** Reads a list, and brings it up to the events that came while it was on its way. */
async function caughtUp<L>(read: () => Promise<L>, patch: (list: L, events: readonly Changed[]) => L) {
  return patch(...(await overtaking.during(read)));
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
  tokens: () => queryOptions({ queryKey: ["tokens"], queryFn: ({ signal }) => api.tokens(signal) }),
};

export const useSession = () => useQuery(queries.session());
export const useHealth = () => useQuery(queries.health());
export const useNodes = () => useQuery(queries.nodes());
export const useNode = (id: string) => useQuery(queries.node(id));
export const useService = (name: string) => useQuery(queries.service(name));
export const useDeployments = (service?: string, limit?: number) =>
  useQuery(queries.deployments(service, limit));
export const useDeployment = (id: string) => useQuery(queries.deployment(id));
export const useDeploymentOf = (id: string | null) =>
  useQuery({ ...queries.deployment(id ?? ""), enabled: id !== null });
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

/** A change that was taken: what it changes comes with the events, or is read again where there are none. */
export function taken(cache: QueryClient, deployment: Deployment) {
  // An event may have brought more than this answer, which is older.
  cache.setQueryData(queries.deployment(deployment.id).queryKey, (now) => now ?? deployment);
  if (liveState.get() === "live") return;
  void cache.invalidateQueries({ queryKey: ["services"] });
  void cache.invalidateQueries({ queryKey: ["deployments"] });
}

/** Follows a change that was taken: a notice tells how it ends. */
function useFollowed(act: string) {
  const cache = useQueryClient();
  return (deployment: Deployment) => {
    taken(cache, deployment);
    notify({ kind: "deployment", deploymentId: deployment.id, service: deployment.service, act });
  };
}

const tell = (title: string) => (error: unknown) => void complain(title, asProblem(error));

export function useDeploy(name: string) {
  const cache = useQueryClient();
  const followed = useFollowed("Deploy");
  return useMutation({
    mutationFn: (options: { adopt?: boolean } = {}) =>
      answered(cache, { service: name, kind: "deploy" }, "Deploy", () =>
        api.deploy(name, options.adopt ?? false),
      ),
    onSuccess: followed,
  });
}

export function useStop(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => answered(cache, { service: name, kind: "stop" }, "Stop", () => api.stop(name)),
    onSuccess: useFollowed("Stop"),
  });
}

export function useRestart(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => answered(cache, { service: name, kind: "restart" }, "Restart", () => api.restart(name)),
    onSuccess: useFollowed("Restart"),
  });
}

/** Without a revision: to what was deployed before. */
export function useRollback(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (revision: number | null) =>
      answered(cache, { service: name, kind: "rollback" }, "Roll back", () => api.rollback(name, revision)),
    onSuccess: useFollowed("Roll back"),
  });
}

export function useCreateService() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (service: { name: string; yaml: string }) =>
      created(cache, service, () => api.createService(service.name, service.yaml)),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ["services"] }),
  });
}

export function useUpdateService(name: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ yaml, etag }: { yaml: string; etag: string | null }) =>
      api.updateService(name, yaml, etag),
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

/** After a session has ended: whoever it was goes on where they were; somebody else begins anew. */
export function useSignInAgain(onSomebodyElse: () => void) {
  const cache = useQueryClient();
  const { queryKey } = queries.session();
  return useMutation({
    mutationFn: api.signIn,
    onSuccess: (session) => {
      const before = cache.getQueryData(queryKey)?.username;
      if (before != null && before !== session.username) {
        cache.clear();
        onSomebodyElse();
      }
      cache.setQueryData(queryKey, session);
      void cache.invalidateQueries();
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
    // The answer holds the token: it is forgotten with the form that asked for it.
    gcTime: 0,
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
