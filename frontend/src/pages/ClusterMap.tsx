import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { PageTitle } from "@/components/Layout";
import { NodesViews } from "@/components/NodesViews";
import { NoNodes } from "@/components/NoNodes";
import { ProblemState, Skeleton } from "@/components/States";
import { ClusterMap as Tiles } from "@/features/map/ClusterMap";
import { useAhead } from "@/hooks/useAhead";
import { useNodes, useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useTasks } from "@/hooks/useTasks";
import { plural } from "@/lib/format";
import type { MapSearch } from "@/lib/mapSearch";

const route = getRouteApi("/shell/map");

export function ClusterMap() {
  const navigate = useNavigate();
  const address: MapSearch = route.useSearch();
  const [search, setSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/map", search: next, replace: true }),
  );
  const nodes = useNodes();
  const tasks = useTasks();
  const { services } = useServices();
  usePageTitle("Map");
  const error = nodes.error ?? tasks.error;
  const ready = nodes.data !== undefined && tasks.data !== undefined;
  return (
    <>
      <PageTitle
        title="Map"
        sub={
          ready
            ? `${plural(tasks.data.total, "task")} on ${plural(nodes.data.items.length, "node")}`
            : undefined
        }
        actions={<NodesViews />}
      />
      {ready ? (
        nodes.data.items.length === 0 ? (
          <NoNodes />
        ) : (
          <Tiles
            nodes={nodes.data.items}
            tasks={tasks.data.items}
            total={tasks.data.total}
            services={services ?? none}
            search={search}
            onSearch={setSearch}
          />
        )
      ) : error === null ? (
        <div role="status" aria-label="Loading the map">
          <Skeleton className="mb-3.5 h-[34px] w-full rounded-md sm:w-[300px]" />
          <div className="mt-11 grid grid-cols-[repeat(auto-fill,minmax(min(100%,19rem),1fr))] gap-3">
            {[0, 1, 2].map((index) => (
              <Skeleton key={index} className="h-[124px] rounded-lg" />
            ))}
          </div>
        </div>
      ) : (
        <div className="card">
          <ProblemState
            problem={asProblem(error)}
            onRetry={() => {
              void nodes.refetch();
              void tasks.refetch();
            }}
          />
        </div>
      )}
    </>
  );
}

const none: never[] = [];
