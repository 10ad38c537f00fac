// What the views of registries and projects read and do.
import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { images, type RegistryChange, type TagQuery } from "@/api/images";
import { notify } from "@/lib/notices";
import { fresh, live } from "./useApi";

/** Not every registry tells of pushes: whoever looks at one asks again, sooner when it did not answer. */
const again = (query: { state: { status: string } }) => (query.state.status === "error" ? 15_000 : 30_000);

const imageQueries = {
  registries: () =>
    queryOptions({
      queryKey: ["registry", "registries"],
      queryFn: ({ signal }) => images.registries(signal),
      staleTime: fresh,
    }),
  repositories: (registry: string | undefined) =>
    queryOptions({
      queryKey: ["registry", "repositories", registry ?? ""],
      queryFn: ({ signal }) => images.repositories(registry, signal),
      refetchInterval: again,
      staleTime: fresh,
    }),
  tags: (name: string, query: TagQuery) =>
    queryOptions({
      queryKey: ["registry", "tags", name, query],
      queryFn: ({ signal }) => images.tags(name, query, signal),
      refetchInterval: again,
      staleTime: fresh,
      placeholderData: keepPreviousData,
    }),
  projects: () =>
    queryOptions({
      queryKey: ["projects", "all"],
      queryFn: ({ signal }) => images.projects(signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
  project: (name: string) =>
    queryOptions({
      queryKey: ["projects", "one", name],
      queryFn: ({ signal }) => images.project(name, signal),
      refetchInterval: live,
      staleTime: fresh,
    }),
};

export const useRegistries = () => useQuery(imageQueries.registries());
export const useRepositories = (registry: string | undefined, enabled = true) =>
  useQuery({ ...imageQueries.repositories(registry), enabled });
export const useTags = (name: string, query: TagQuery) => useQuery(imageQueries.tags(name, query));
export const useProjects = () => useQuery(imageQueries.projects());
export const useProject = (name: string) => useQuery(imageQueries.project(name));

export function usePutRegistry() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ host, ...change }: RegistryChange & { host: string }) => images.putRegistry(host, change),
    onSuccess: ({ host, trial }) => {
      // A refusal is said where it can be mended: in the dialog.
      if (trial.outcome !== "refused")
        notify({ kind: "done", title: `${host} is saved`, detail: trial.detail });
      return cache.invalidateQueries({ queryKey: ["registry"] });
    },
  });
}

export function useRemoveRegistry() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (host: string) => images.removeRegistry(host),
    onSuccess: (_nothing, host) => {
      notify({ kind: "done", title: `What was stored of ${host} is forgotten` });
      return cache.invalidateQueries({ queryKey: ["registry"] });
    },
  });
}

export function useDeleteTag(name: string, registry: string | undefined) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ tag, confirm }: { tag: string; confirm?: string }) =>
      images.deleteTag(name, tag, registry, confirm),
    onSuccess: () => cache.invalidateQueries({ queryKey: ["registry"] }),
  });
}
