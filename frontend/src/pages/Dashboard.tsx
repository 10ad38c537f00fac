import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { asProblem } from "@/api/problem";
import { DeploymentList } from "@/components/DeploymentList";
import { Card, PageTitle } from "@/components/Layout";
import { NewServiceLink } from "@/components/NewServiceLink";
import { ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { Timeline } from "@/components/Timeline";
import { Attention } from "@/features/dashboard/Attention";
import { Capacity } from "@/features/dashboard/Capacity";
import { FirstSteps } from "@/features/dashboard/FirstSteps";
import { InFlight } from "@/features/dashboard/InFlight";
import { ClusterMap } from "@/features/dashboard/Map";
import { useDeployments, useHealth, useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { needsAttention } from "@/lib/status";

export function Dashboard() {
  const { data: report, error, refetch } = useHealth();
  const { services, problem: servicesProblem } = useServices();
  usePageTitle("Dashboard");
  const notAsWanted = new Set(report?.attention.map(({ service }) => service));
  const wanted =
    services?.filter((service) => !needsAttention(service) && !notAsWanted.has(service.name)).length ?? 0;
  // Definitions alone, as the examples, are nothing that runs.
  const idle = services?.every(({ live }) => !live) === true;
  const ready = report !== undefined && (services !== undefined || servicesProblem !== null);
  return (
    <>
      <PageTitle
        title="Dashboard"
        sub={
          services && services.length > 0
            ? `${wanted.toLocaleString("en")} of ${services.length.toLocaleString("en")} services as wanted`
            : undefined
        }
        actions={
          <NewServiceLink role="button">
            <Plus aria-hidden className="size-4" />
            New service
          </NewServiceLink>
        }
      />
      {error !== null && report === undefined ? (
        <div className="card">
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        </div>
      ) : !ready ? (
        <Loading />
      ) : (
        <div className="flex flex-col gap-4">
          {(!idle || report.attention.length > 0) && <Attention report={report} />}
          {idle && <FirstSteps report={report} definitions={services.length} />}
          <InFlight />
          {report.nodes.length > 0 && (
            <>
              <ClusterMap report={report} services={services ?? []} />
              <Capacity nodes={report.nodes} />
            </>
          )}
          <div className="grid items-start gap-4 xl:grid-cols-2">
            <Recent />
            <Card
              title="What happened"
              sub="in the cluster, as it happens"
              aside={
                <Link to="/activity" className="text-accent text-sm underline underline-offset-2">
                  Who did what
                </Link>
              }
            >
              <Timeline first={200} lines={10} />
            </Card>
          </div>
        </div>
      )}
    </>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading the dashboard" className="flex flex-col gap-4">
      <Skeleton className="h-[52px] w-full rounded-xl" />
      <div className="card grid gap-3 p-4 sm:grid-cols-3">
        <Skeleton className="h-24 rounded-lg" />
        <Skeleton className="h-24 rounded-lg" />
        <Skeleton className="h-24 rounded-lg" />
      </div>
      <div className="card">
        <SkeletonRows rows={4} label="Loading capacity" />
      </div>
    </div>
  );
}

function Recent() {
  const { data, error, refetch } = useDeployments(undefined, 8);
  return (
    <Card
      title="Recent changes"
      sub="made from here, with their verdicts"
      aside={
        <Link to="/deployments" className="text-accent text-sm underline underline-offset-2">
          All
        </Link>
      }
    >
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
