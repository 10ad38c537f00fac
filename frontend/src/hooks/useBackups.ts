// Backups of the orchestrator's own state: what there is, one more, one less.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { backups } from "@/api/backups";
import type { Backup } from "@/api/types";
import { notify } from "@/lib/notices";

export const useBackups = () =>
  useQuery({ queryKey: ["backups"], queryFn: ({ signal }) => backups.list(signal) });

export function useMakeBackup() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: backups.create,
    onSuccess: ({ name }) => {
      notify({ kind: "done", title: `${name} is made` });
      return cache.invalidateQueries({ queryKey: ["backups"] });
    },
  });
}

export function useDeleteBackup() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ name }: Backup) => backups.remove(name),
    onSuccess: (_nothing, { name }) => {
      notify({ kind: "done", title: `${name} is deleted` });
      return cache.invalidateQueries({ queryKey: ["backups"] });
    },
  });
}
