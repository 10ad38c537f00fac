// Every approval there was, and the two answers to one that waits.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { approvals } from "@/api/approvals";
import { fresh, live } from "./useApi";

export const useApprovals = (limit: number) =>
  useQuery({
    queryKey: ["approvals", "all", limit],
    queryFn: ({ signal }) => approvals.list({ limit }, signal),
    refetchInterval: live,
    staleTime: fresh,
    placeholderData: keepPreviousData,
  });

export function useDecide() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id, yes }: { id: string; yes: boolean }) =>
      yes ? approvals.approve(id) : approvals.refuse(id),
    // Also after a refusal: somebody else may have decided, or it is over.
    onSettled: () => cache.invalidateQueries({ queryKey: ["approvals"] }),
  });
}
