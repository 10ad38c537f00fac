// The audit, the sign-ins and the filtered deployments.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { activity, type DeploymentFilter } from "@/api/activity";
import type { SignIn } from "@/api/types";
import type { ActivitySearch } from "@/lib/activitySearch";
import { notify } from "@/lib/notices";
import { fresh, live } from "./useApi";

export const AUDIT_PAGE = 100;
/** No event tells of the audit: while somebody looks at its newest page it is asked for. */
const LOOK_AGAIN = 5_000;

export const useAudit = (search: ActivitySearch) =>
  useQuery({
    queryKey: ["audit", search],
    queryFn: ({ signal }) => activity.audit({ ...search, limit: AUDIT_PAGE }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: search.before === undefined ? LOOK_AGAIN : false,
  });

export const useSignIns = () =>
  useQuery({ queryKey: ["sign-ins"], queryFn: ({ signal }) => activity.signIns(signal) });

export function useEndSignIn() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id }: SignIn) => activity.endSignIn(id),
    onSuccess: (_nothing, { username, address }) => {
      notify({ kind: "done", title: `${username}${address === null ? "" : ` at ${address}`} is signed out` });
      return cache.invalidateQueries({ queryKey: ["sign-ins"] });
    },
  });
}

export const useFilteredDeployments = (filter: DeploymentFilter, limit: number) =>
  useQuery({
    queryKey: ["deployments", "filtered", filter, limit],
    queryFn: ({ signal }) => activity.deployments({ ...filter, limit }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: live,
    staleTime: fresh,
  });

export const useInFlight = (limit: number) =>
  useFilteredDeployments({ state: ["accepted", "rolling_out"] }, limit);
