import { getRouteApi, Link } from "@tanstack/react-router";
import { FileCode2, Hammer, Plus } from "lucide-react";
import { type ReactNode, Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Project } from "@/api/types";
import { BuildList } from "@/components/BuildList";
import { Button, buttonClass } from "@/components/Button";
import { Command, CopyButton } from "@/components/CopyButton";
import { Card } from "@/components/Layout";
import { NewServiceLink } from "@/components/NewServiceLink";
import { Said } from "@/components/Said";
import { ServiceLinks } from "@/components/ServiceLinks";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { GitMark, Size } from "@/features/projects/ProjectMarks";
import { useBuilds } from "@/hooks/useBuilds";
import { useProject } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import { plural } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";

const ProjectBuild = later(() => import("@/features/projects/ProjectBuild"));
const route = getRouteApi("/shell/projects/$name");

export function ProjectDetail() {
  const { name } = route.useParams();
  const { data: project, error, refetch } = useProject(name);
  usePageTitle(name);
  const problem = error === null ? null : asProblem(error);
  const gone = problem?.status === 404;
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link to="/projects" className="hover:text-ink hover:underline">
          Projects
        </Link>{" "}
        /
      </nav>
      {project !== undefined && !gone ? (
        <Panel key={name} project={project} />
      ) : problem === null ? (
        <>
          <Skeleton className="mb-4 h-9 w-56" />
          <div className="card overflow-hidden">
            <SkeletonRows rows={6} label={`Loading ${name}`} />
          </div>
        </>
      ) : (
        <div className="card">
          <ProblemState problem={problem} onRetry={() => void refetch()}>
            <Link to="/projects" className={buttonClass("plain")}>
              To all projects
            </Link>
          </ProblemState>
        </div>
      )}
    </>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-[39px] grid-cols-[6.5rem_minmax(0,1fr)] items-center gap-3 border-line border-b px-4 py-1.5 last:border-b-0">
      <dt className="text-ink-3 text-sm">{label}</dt>
      <dd className="min-w-0 text-sm [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Panel({ project }: { project: Project }) {
  const { name, services, dockerfiles, problem } = project;
  const [building, setBuilding] = useState(false);
  const mayNotBuild = useMay()("build");
  return (
    <>
      <div className="mb-4 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">{name}</h1>
        <GitMark git={project.git} />
        <div className="flex gap-2 sm:ml-auto">
          <NewServiceLink
            project={name}
            look={services.length === 0 && dockerfiles.length > 0 ? "primary" : "plain"}
          >
            <Plus aria-hidden className="size-4" />
            New service from it
          </NewServiceLink>
          {services.length > 0 && (
            <Button
              look="primary"
              disabled={dockerfiles.length === 0}
              onClick={() => setBuilding(true)}
              {...barred(mayNotBuild)}
            >
              <Hammer aria-hidden className="size-4" />
              Build
            </Button>
          )}
        </div>
      </div>
      {problem !== null && (
        <p role="alert" className="-mt-2 mb-4 max-w-3xl text-warn-ink [overflow-wrap:anywhere]">
          <Said>{problem}</Said>
        </p>
      )}
      <div className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
        <Card title="Folder">
          <dl>
            <Row label="Path">
              <span className="font-mono text-[12.5px]">{project.path}</span>
            </Row>
            <Row label="Size">
              <span className="num">
                <Size project={project} /> in {project.truncated && "more than "}
                {plural(project.files, "file")}
              </span>
            </Row>
            <Row label={dockerfiles.length === 1 ? "Dockerfile" : "Dockerfiles"}>
              {dockerfiles.length === 0 ? (
                <span className="text-wait-ink">none: there is nothing to build</span>
              ) : (
                <ul>
                  {dockerfiles.map((file) => (
                    <li key={file} className="flex items-center gap-1.5 font-mono text-[12.5px]">
                      <FileCode2 aria-hidden className="size-3.5 shrink-0 text-ink-3" />
                      {file}
                    </li>
                  ))}
                </ul>
              )}
            </Row>
            {project.git?.commit != null && (
              <Row label="Commit">
                <span className="flex items-center gap-0.5">
                  <span title={project.git.commit} className="truncate font-mono text-[12.5px]">
                    {project.git.commit.slice(0, 12)}
                  </span>
                  <CopyButton text={project.git.commit} label="Copy commit" />
                </span>
              </Row>
            )}
            <Row label="Services">
              <ServiceLinks names={services} most={20} none="none yet" />
            </Row>
          </dl>
        </Card>
        <Builds project={project} onBuild={() => setBuilding(true)} />
      </div>
      {building && (
        <Suspense fallback={null}>
          <ProjectBuild project={project} onClose={() => setBuilding(false)} />
        </Suspense>
      )}
    </>
  );
}

function Builds({ project, onBuild }: { project: Project; onBuild: () => void }) {
  const { data, error, refetch } = useBuilds({ project: project.name }, 50);
  const { name, services, dockerfiles } = project;
  const mayNotBuild = useMay()("build");
  return (
    <Card
      title="Builds"
      sub={data === undefined || data.total === 0 ? undefined : `newest of ${data.total} first`}
    >
      <div className="@container">
        {data === undefined ? (
          error === null ? (
            <SkeletonRows rows={4} label="Loading builds" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <BuildList builds={data.items} named />
        ) : dockerfiles.length === 0 ? (
          <EmptyState icon={FileCode2} title="Nothing to build">
            <p>
              There is no Dockerfile in this folder or one level below it. Put one there, and the project can
              be built.
            </p>
          </EmptyState>
        ) : services.length > 0 ? (
          <EmptyState
            icon={Hammer}
            title="Never built"
            action={
              <Button onClick={onBuild} {...barred(mayNotBuild)}>
                <Hammer aria-hidden className="size-4" />
                Build {name}
              </Button>
            }
          >
            <p>A build makes the image from this folder as it is now, pushes it and remembers its digest.</p>
          </EmptyState>
        ) : (
          <EmptyState icon={Hammer} title="Nothing is built from it yet">
            <p>A service says how the image is called and built. Its definition needs no more than this:</p>
            <Command>{`name: ${name}\nimage: \${REGISTRY_HOST}/${name}:latest\nbuild_context: ${name}`}</Command>
          </EmptyState>
        )}
      </div>
    </Card>
  );
}
