// What the views of nodes do, and what they read besides the list.
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Labels, nodesApi, type Role } from "@/api/nodes";
import type { Node } from "@/api/types";
import { doneWords, type NodeAct } from "@/lib/nodeActs";
import { notify } from "@/lib/notices";

const nodeQueries = {
  swarm: () =>
    queryOptions({
      queryKey: ["nodes", "swarm"],
      queryFn: ({ signal }) => nodesApi.swarm(signal),
      staleTime: 60_000,
    }),
  /** What the act would move; null for acts that move nothing. */
  preview: (node: Pick<Node, "id" | "role">, act: NodeAct) =>
    queryOptions({
      queryKey: ["nodes", "preview", node.id, act],
      queryFn: ({ signal }) =>
        act === "promote" || act === "demote"
          ? nodesApi.rolePreview(node.id, act === "promote" ? "manager" : "worker", signal)
          : nodesApi.drainPreview(node.id, signal),
      enabled: act !== "activate" && act !== "pause",
    }),
  labelsPreview: (id: string, labels: Labels) =>
    queryOptions({
      queryKey: ["nodes", "labels-preview", id, labels],
      queryFn: ({ signal }) => nodesApi.labelsPreview(id, labels, signal),
    }),
};

export const useSwarm = () => useQuery(nodeQueries.swarm());
export const usePreview = (node: Pick<Node, "id" | "role">, act: NodeAct) =>
  useQuery(nodeQueries.preview(node, act));
export const useLabelsPreview = (id: string, labels: Labels, enabled: boolean) =>
  useQuery({ ...nodeQueries.labelsPreview(id, labels), enabled });

function useChanged() {
  const cache = useQueryClient();
  return () => {
    for (const queryKey of [["nodes"], ["services"], ["tasks"], ["health"]])
      void cache.invalidateQueries({ queryKey });
  };
}

export function useNodeAct(node: Pick<Node, "id" | "hostname">) {
  const changed = useChanged();
  return useMutation({
    mutationFn: ({ act, force }: { act: NodeAct; force?: boolean }): Promise<unknown> =>
      act === "remove" ? nodesApi.remove(node.id, force ?? false) : nodesApi[act](node.id),
    onSuccess: (_answer, { act }) => {
      const [title, detail] = doneWords[act];
      notify({ kind: "done", title: `${node.hostname} ${title}`, detail });
      changed();
    },
  });
}

export function useSetLabels(node: Pick<Node, "id" | "hostname">) {
  const changed = useChanged();
  return useMutation({
    mutationFn: (labels: Labels) => nodesApi.label(node.id, labels),
    onSuccess: () => {
      notify({ kind: "done", title: `${node.hostname} is labelled` });
      changed();
    },
  });
}

export const useJoinCommand = () =>
  useMutation({
    mutationFn: ({ role, rotate }: { role: Role; rotate: boolean }) => nodesApi.joinCommand(role, rotate),
    gcTime: 0,
  });
