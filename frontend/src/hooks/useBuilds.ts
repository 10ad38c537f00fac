// What the views of builds read and do.
import { keepPreviousData, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type BuildRequest, images } from "@/api/images";
import type { Build, BuildFilter } from "@/api/types";
import { liveState } from "@/lib/liveState";
import { isBuildFinal } from "@/lib/status";
import { fresh, live } from "./useApi";

export const buildQueries = {
  list: (filter: BuildFilter, limit: number) =>
    queryOptions({
      queryKey: ["builds", "list", filter, limit],
      queryFn: ({ signal }) => images.builds({ ...filter, limit }, signal),
      refetchInterval: live,
      staleTime: fresh,
      placeholderData: keepPreviousData,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: ["builds", "one", id],
      queryFn: ({ signal }) => images.buildOf(id, signal),
      staleTime: fresh,
      refetchInterval: (query) =>
        query.state.data && (liveState.get() === "live" || isBuildFinal(query.state.data.state))
          ? false
          : 2_000,
    }),
};

export const useBuilds = (filter: BuildFilter, limit: number) => useQuery(buildQueries.list(filter, limit));
export const useBuild = (id: string) => useQuery(buildQueries.one(id));

function useTaken() {
  const cache = useQueryClient();
  return (build: Build) => {
    // An event may have brought its end before this answer, which is older.
    const overtaken = (now: Build | undefined) =>
      now !== undefined && isBuildFinal(now.state) && !build.phases.some(({ phase }) => phase === "ended");
    cache.setQueryData(buildQueries.one(build.id).queryKey, (now) => (overtaken(now) ? now : build));
    void cache.invalidateQueries({ queryKey: ["builds", "list"] });
    void cache.invalidateQueries({ queryKey: ["services"] });
    void cache.invalidateQueries({ queryKey: ["projects"] });
  };
}

export function useStartBuild() {
  return useMutation({
    mutationFn: ({ service, ...request }: BuildRequest & { service: string }) =>
      images.build(service, request),
    onSuccess: useTaken(),
  });
}

export function useCancelBuild(id: string) {
  return useMutation({ mutationFn: () => images.cancelBuild(id), onSuccess: useTaken() });
}

export function usePushAgain(id: string) {
  return useMutation({ mutationFn: () => images.pushAgain(id), onSuccess: useTaken() });
}
