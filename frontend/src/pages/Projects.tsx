import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { FolderGit2, Hammer, SearchX } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Project } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { FilterBox } from "@/components/FilterBox";
import { PageTitle } from "@/components/Layout";
import { Said } from "@/components/Said";
import { EmptyState, ProblemNote, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { ProjectList } from "@/features/projects/ProjectList";
import { useProjects } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import { plural } from "@/lib/format";
import { later } from "@/lib/later";
import type { ProjectsSearch } from "@/lib/search";

const ProjectBuild = later(() => import("@/features/projects/ProjectBuild"));
const route = getRouteApi("/shell/projects");
const code = "font-mono text-[12.5px]";

export function Projects() {
  const { q = "" }: ProjectsSearch = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch } = useProjects();
  const [building, setBuilding] = useState<Project | null>(null);
  usePageTitle("Projects");
  const setQ = (next: string) =>
    void navigate({ to: "/projects", search: next === "" ? {} : { q: next }, replace: true });
  const wanted = q.toLowerCase();
  const shown = (data?.items ?? []).filter(
    ({ name, services, git }) =>
      name.toLowerCase().includes(wanted) ||
      services.some((service) => service.includes(wanted)) ||
      git?.branch?.toLowerCase().includes(wanted) === true,
  );
  return (
    <>
      <PageTitle
        title="Projects"
        sub={
          data === undefined || data.total === 0
            ? "Folders that images are built from"
            : plural(data.total, "project")
        }
        actions={
          <Link to="/builds" className={buttonClass("plain")}>
            <Hammer aria-hidden className="size-4" />
            All builds
          </Link>
        }
      />
      {data === undefined ? (
        error === null ? (
          <>
            <Skeleton className="mb-3.5 h-[34px] w-full rounded-md sm:w-[300px]" />
            <div className="card overflow-hidden">
              <SkeletonRows rows={6} label="Loading projects" />
            </div>
          </>
        ) : (
          <div className="card">
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          </div>
        )
      ) : (
        <>
          {error !== null && (
            <div className="mb-3.5">
              <ProblemNote problem={asProblem(error)} />
            </div>
          )}
          {data.items.length > 0 && (
            <div className="mb-3.5">
              <FilterBox
                label="Filter projects"
                placeholder="Filter by name, branch or service"
                value={q}
                onChange={setQ}
              />
            </div>
          )}
          <div className="card @container overflow-hidden">
            {data.items.length === 0 ? (
              <NoProjects hint={data.hint} />
            ) : shown.length === 0 ? (
              <EmptyState
                icon={SearchX}
                title="Nothing matches"
                action={<Button onClick={() => setQ("")}>Show all {data.items.length}</Button>}
              >
                <p>No project has “{q}” in its name, branch or services.</p>
              </EmptyState>
            ) : (
              <ProjectList projects={shown} onBuild={setBuilding} />
            )}
          </div>
        </>
      )}
      {building !== null && (
        <Suspense fallback={null}>
          <ProjectBuild project={building} onClose={() => setBuilding(null)} />
        </Suspense>
      )}
    </>
  );
}

function NoProjects({ hint }: { hint: string | null }) {
  return (
    <EmptyState icon={FolderGit2} title="No projects yet">
      <p>
        A project is a folder with a <code className={code}>Dockerfile</code> below{" "}
        <code className={code}>PROJECTS_DIR</code> on the orchestrator's machine. Copy one there, and it is
        listed here at once:
      </p>
      <Command>
        {
          "rsync -av --exclude='.git' ./my-project/ \\\n  ${SWARM_MANAGER_SSH}:${PROJECTS_HOST_PATH}/my-project/"
        }
      </Command>
      {hint !== null && (
        <p className="text-sm [overflow-wrap:anywhere]">
          <Said>{hint}</Said>
        </p>
      )}
      <p>
        A definition names its folder with <code className={code}>build_context: my-project</code>. Then{" "}
        <b className="font-semibold text-ink">Build</b> makes the image, pushes it, and deploys it when
        wanted.
      </p>
    </EmptyState>
  );
}
