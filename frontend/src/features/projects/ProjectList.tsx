// The folders that images are built from.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Project } from "@/api/types";
import { Button } from "@/components/Button";
import { LastBuild } from "@/components/LastBuild";
import { Said } from "@/components/Said";
import { ServiceLinks } from "@/components/ServiceLinks";
import { VirtualBody } from "@/components/VirtualBody";
import { useMay } from "@/hooks/usePermissions";
import { barred } from "@/lib/permissions";
import { GitMark, Size } from "./ProjectMarks";

const tracks =
  "@4xl:grid-cols-[minmax(10rem,1.4fr)_minmax(9rem,1fr)_6.5rem_minmax(12rem,1.2fr)_minmax(8rem,1fr)_4.5rem]";
const heading = "text-left font-semibold text-ink-3 text-xs";

interface Props {
  projects: readonly Project[];
  onBuild: (project: Project) => void;
}

export function ProjectList({ projects, onBuild }: Props) {
  return (
    <table className="block" aria-rowcount={projects.length + 1}>
      <caption className="sr-only">Projects</caption>
      <thead className="block @max-4xl:sr-only">
        <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
          {["Project", "Git", "Size", "Last build", "Used by"].map((word) => (
            <th key={word} scope="col" className={heading}>
              {word}
            </th>
          ))}
          <th scope="col" className={heading}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <VirtualBody items={projects} estimate={45} keyOf={({ name }) => name}>
        {(project, { index, ref }) => (
          <Row key={project.name} project={project} index={index} place={ref} onBuild={onBuild} />
        )}
      </VirtualBody>
    </table>
  );
}

interface RowProps extends Pick<Props, "onBuild"> {
  project: Project;
  index: number;
  place: ((row: HTMLElement | null) => void) | undefined;
}

function Row({ project, index, place, onBuild }: RowProps) {
  const { name, dockerfiles, problem } = project;
  const mayNotBuild = useMay()("build");
  const cell = "flex min-w-0 items-center";
  return (
    <tr
      ref={place}
      data-index={index}
      aria-rowindex={index + 2}
      className={clsx(
        "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 border-line border-b px-4 py-2 last:border-b-0",
        "focus-within:bg-bg hover:bg-bg @4xl:min-h-[45px] @4xl:py-1.5",
        tracks,
      )}
    >
      <th scope="row" className={clsx(cell, "gap-2 text-left font-normal")}>
        <Link
          to="/projects/$name"
          params={{ name }}
          title={name}
          className="truncate font-semibold hover:text-accent hover:underline"
        >
          {name}
        </Link>
        {dockerfiles.length > 1 && (
          <span title={dockerfiles.join("\n")} className="num shrink-0 whitespace-nowrap text-ink-3 text-xs">
            {dockerfiles.length} Dockerfiles
          </span>
        )}
        {dockerfiles.length === 0 && (
          <span className="shrink-0 whitespace-nowrap text-wait-ink text-xs">no Dockerfile</span>
        )}
      </th>
      <td className={clsx(cell, "@max-4xl:col-start-1", project.git === null && "@max-4xl:hidden")}>
        <GitMark git={project.git} />
      </td>
      <td className={clsx(cell, "num whitespace-nowrap text-ink-2 text-sm @max-4xl:hidden")}>
        <Size project={project} />
      </td>
      <td className={clsx(cell, "@max-4xl:col-start-1")}>
        <LastBuild build={project.last_build} />
      </td>
      <td className={clsx(cell, "text-sm @max-4xl:hidden")}>
        <ServiceLinks names={project.services} most={2} none="no service" />
      </td>
      <td className="flex justify-end @max-4xl:col-start-2 @max-4xl:row-start-1">
        <Button
          size="sm"
          aria-label={`Build ${name}`}
          disabled={dockerfiles.length === 0}
          title={dockerfiles.length === 0 ? "Without a Dockerfile there is nothing to build" : undefined}
          onClick={() => onBuild(project)}
          {...barred(mayNotBuild)}
        >
          Build
        </Button>
      </td>
      {problem !== null && (
        <td className="col-span-full min-w-0 pb-1 text-sm text-warn-ink [overflow-wrap:anywhere]">
          <Said>{problem}</Said>
        </td>
      )}
    </tr>
  );
}
