import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { ProblemState, Skeleton } from "@/components/States";
import { BuildPanel } from "@/features/builds/BuildPanel";
import { useBuild } from "@/hooks/useBuilds";
import { usePageTitle } from "@/hooks/usePageTitle";
import type { BuildSearch } from "@/lib/search";

const route = getRouteApi("/shell/builds/$id");

export function BuildDetail() {
  const { id } = route.useParams();
  const { line }: BuildSearch = route.useSearch();
  const navigate = useNavigate();
  const { data: build, error, refetch } = useBuild(id);
  usePageTitle(build === undefined ? "Build" : `Build of ${build.service}`);
  const problem = error === null ? null : asProblem(error);
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/builds" className="hover:text-ink hover:underline">
          Builds
        </Link>{" "}
        /
      </nav>
      {build !== undefined ? (
        <BuildPanel
          key={id}
          build={build}
          line={line}
          onLine={(next) =>
            void navigate({
              to: "/builds/$id",
              params: { id },
              search: { line: next },
              replace: true,
              resetScroll: false,
            })
          }
        />
      ) : problem === null ? (
        <div role="status" aria-label="Loading the build">
          <div className="mb-4 flex h-9 items-center gap-3">
            <Skeleton className="h-6 w-44" />
            <Skeleton className="h-5 w-20 rounded-full" />
          </div>
          <Skeleton className="mb-4 h-[58px] w-full rounded-xl" />
          <div className="grid items-start gap-4 lg:grid-cols-[21rem_minmax(0,1fr)]">
            <Skeleton className="h-80 rounded-xl max-lg:order-last" />
            <Skeleton className="h-[calc(100dvh-20rem)] min-h-96 rounded-xl" />
          </div>
        </div>
      ) : (
        <div className="card">
          <ProblemState problem={problem} onRetry={() => void refetch()}>
            <Link to="/builds" className={buttonClass("plain")}>
              To all builds
            </Link>
          </ProblemState>
        </div>
      )}
    </>
  );
}
