import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { ServicePanel } from "@/features/services/ServicePanel";
import { UnsavedGuard } from "@/features/services/UnsavedGuard";
import { useService } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { drafts } from "@/lib/keptDrafts";

const route = getRouteApi("/shell/services/$name");

export function ServiceDetail() {
  const { name } = route.useParams();
  const search = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch } = useService(name);
  usePageTitle(name);
  const problem = error === null ? null : asProblem(error);
  // A service that is gone must not be shown as if it were there.
  const gone = problem?.status === 404;
  return (
    <>
      <UnsavedGuard
        what={name}
        dirty={(closing) => drafts.wouldBeLost(name, closing)}
        onLeave={() => drafts.forget(name)}
      />
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/services" className="hover:text-ink hover:underline">
          Services
        </Link>{" "}
        /
      </nav>
      {data !== undefined && !gone ? (
        <ServicePanel
          key={name}
          service={data}
          search={search}
          onSearch={(next) =>
            void navigate({
              to: "/services/$name",
              params: { name },
              search: next,
              replace: next.tab === search.tab,
            })
          }
        />
      ) : problem === null ? (
        <>
          <div className="flex h-9 items-center gap-3">
            <Skeleton className="h-6 w-44" />
            <Skeleton className="h-5 w-20 rounded-full" />
          </div>
          <div className="card mt-20 overflow-hidden">
            <SkeletonRows rows={6} label={`Loading ${name}`} />
          </div>
        </>
      ) : (
        <ProblemState problem={problem} onRetry={() => void refetch()}>
          {gone && (
            <Link to="/services" className={buttonClass("plain")}>
              To all services
            </Link>
          )}
        </ProblemState>
      )}
    </>
  );
}
