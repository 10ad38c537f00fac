import { getRouteApi, Link } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { ProblemState, Skeleton } from "@/components/States";
import { RolloutView } from "@/features/rollouts/RolloutView";
import { useDeployment } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";

const route = getRouteApi("/shell/deployments/$id");

export function DeploymentDetail() {
  const { id } = route.useParams();
  const { data, error, refetch } = useDeployment(id);
  usePageTitle(data === undefined ? "Deployment" : `${data.service}: ${data.kind}`);
  if (data !== undefined) return <RolloutView deployment={data} />;
  if (error !== null)
    return (
      <div className="card">
        <ProblemState problem={asProblem(error)} onRetry={() => void refetch()}>
          <Link to="/deployments" className={buttonClass("quiet")}>
            All deployments
          </Link>
        </ProblemState>
      </div>
    );
  return (
    <div role="status" aria-label="Loading the deployment" className="flex flex-col gap-4">
      <Skeleton className="h-14 w-80" />
      <Skeleton className="h-64 w-full rounded-xl" />
      <div className="grid gap-4 lg:grid-cols-2">
        <Skeleton className="h-64 rounded-xl" />
        <Skeleton className="h-64 rounded-xl" />
      </div>
    </div>
  );
}
