// All tasks that take up the nodes, kept as the cluster is: of what changed only the services named are read.
import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { nodesApi } from "@/api/nodes";
import { patchTasks } from "@/lib/taskPatches";
import { fresh, live } from "./useApi";

const GATHER = 100;
/** Beyond so many the whole list is the shorter question. */
const MOST = 100;

export const tasksQuery = () =>
  queryOptions({
    queryKey: ["tasks", "all"],
    queryFn: ({ signal }) => nodesApi.tasks([], signal),
    refetchInterval: live,
    staleTime: fresh,
  });

export const useTasks = (enabled = true) => useQuery({ ...tasksQuery(), enabled });

/** Reads the tasks of changed services again, while anybody looks at tasks. */
export function makeTaskReader(cache: QueryClient) {
  const { queryKey } = tasksQuery();
  const names = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  const find = () => cache.getQueryCache().find({ queryKey });
  const everything = () => void cache.invalidateQueries({ queryKey });
  const wait = () => {
    timer ??= setTimeout(flush, GATHER);
  };
  const flush = async () => {
    timer = undefined;
    const query = find();
    if (query === undefined) return names.clear();
    // A list on its way may be older than what changed.
    if (busy || query.state.fetchStatus === "fetching") return wait();
    const asked = [...names];
    names.clear();
    if (query.getObserversCount() === 0 || query.state.data === undefined || asked.length > MOST)
      return everything();
    busy = true;
    try {
      const { items } = await nodesApi.tasks(asked);
      cache.setQueryData(tasksQuery().queryKey, (list) => list && patchTasks(list, new Set(asked), items));
      if (find()?.state.fetchStatus === "fetching") for (const name of asked) names.add(name);
    } catch {
      everything();
    } finally {
      busy = false;
      if (names.size > 0) wait();
    }
  };
  return {
    again(changed: readonly string[]) {
      for (const name of changed) names.add(name);
      if (names.size > 0) wait();
    },
    stop: () => clearTimeout(timer),
  };
}
