// What waits for a person to decide, and how much of it is for whoever is signed in.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { approvals } from "@/api/approvals";
import { fresh, live, useSession } from "./useApi";

const MOST = 1_000;

const waiting = () =>
  queryOptions({
    queryKey: ["approvals", "waiting"],
    queryFn: ({ signal }) => approvals.list({ waiting: true, limit: MOST }, signal),
    refetchInterval: live,
    staleTime: fresh,
  });

export const useWaiting = () => useQuery(waiting());

/** Nothing for those who may not decide, who do not ask for it. */
export function useWaitingForMe() {
  const { data: session } = useSession();
  const enabled = session?.permissions.includes("operate") === true;
  const { data, dataUpdatedAt } = useQuery({ ...waiting(), enabled });
  return { waiting: enabled ? data : undefined, readAt: dataUpdatedAt };
}

export const useWaitingCount = (): number => useWaitingForMe().waiting?.total ?? 0;
