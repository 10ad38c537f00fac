import { Link } from "@tanstack/react-router";
import { Boxes, Plus } from "lucide-react";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { DeploymentList } from "@/components/DeploymentList";
import { Card, PageTitle } from "@/components/Layout";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { Timeline } from "@/components/Timeline";
import { Attention } from "@/features/dashboard/Attention";
import { ClusterMap } from "@/features/dashboard/Map";
import { useDeployments, useHealth, useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { needsAttention } from "@/lib/status";

export function Dashboard() {
  const { data: report, error, refetch } = useHealth();
  const { services, problem: servicesProblem } = useServices();
  usePageTitle("Dashboard");
  const wanted = services?.filter((service) => !needsAttention(service)).length ?? 0;
  const ready = report !== undefined && (services !== undefined || servicesProblem !== null);
  return (
    <>
      <PageTitle
        title="Dashboard"
        sub={
          services && services.length > 0 ? `${wanted} of ${services.length} services as wanted` : undefined
        }
        actions={
          <Link to="/new-service" role="button" className={buttonClass("primary")}>
            <Plus aria-hidden className="size-4" />
            New service
          </Link>
        }
      />
      {error !== null && report === undefined ? (
        <div className="card">
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        </div>
      ) : !ready ? (
        <div role="status" aria-label="Loading the dashboard" className="flex flex-col gap-4">
          <Skeleton className="h-[52px] w-full rounded-xl" />
          <div className="card grid gap-3 p-4 sm:grid-cols-3">
            <Skeleton className="h-24 rounded-lg" />
            <Skeleton className="h-24 rounded-lg" />
            <Skeleton className="h-24 rounded-lg" />
          </div>
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          {(report.nodes.length > 0 || report.problems.length > 0) && (
            <Attention report={report} services={services ?? []} />
          )}
          {report.nodes.length > 0 && <ClusterMap report={report} services={services ?? []} />}
          {services?.length === 0 ? (
            <div className="card">
              <EmptyState
                icon={Boxes}
                title="Nothing deployed yet"
                action={
                  <Link to="/new-service" className={buttonClass("plain")}>
                    Write the first definition
                  </Link>
                }
              >
                <p>
                  Write down what should run, deploy it, and watch the squares above fill in. Definitions are
                  YAML files you can keep in git.
                </p>
              </EmptyState>
            </div>
          ) : (
            <div className="grid items-start gap-4 xl:grid-cols-2">
              <Recent />
              <Card title="What happened" sub="in the cluster, as it happens">
                <Timeline first={12} more={false} />
              </Card>
            </div>
          )}
        </div>
      )}
    </>
  );
}

function Recent() {
  const { data, error, refetch } = useDeployments(undefined, 8);
  return (
    <Card title="Recent changes" sub="made from here, with their verdicts">
      {data !== undefined ? (
        data.items.length === 0 ? (
          <p className="px-4 py-5 text-ink-3">
            None yet. Each change is recorded with its verdict and, when it fails, the cause.
          </p>
        ) : (
          <DeploymentList deployments={data.items} named />
        )
      ) : error === null ? (
        <SkeletonRows rows={4} label="Loading recent changes" />
      ) : (
        <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
      )}
    </Card>
  );
}
