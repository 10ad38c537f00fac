// Small facts of a project, said the same way in the list and on its page.
import { GitBranch } from "lucide-react";
import type { Project } from "@/api/types";
import { bytes, plural } from "@/lib/format";

export function GitMark({ git }: { git: Project["git"] }) {
  if (git === null) return <span className="text-ink-3 text-sm">no git</span>;
  const { branch, commit } = git;
  return (
    <span
      title={[branch ?? "no branch", commit].filter(Boolean).join("\n")}
      className="flex min-w-0 items-center gap-1.5 text-ink-2 text-sm"
    >
      <GitBranch aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      <span className="truncate">{branch ?? "detached"}</span>
      {commit !== null && (
        <span className="shrink-0 font-mono text-[12.5px] text-ink-3">{commit.slice(0, 7)}</span>
      )}
    </span>
  );
}

export function Size({ project }: { project: Pick<Project, "size" | "files" | "truncated"> }) {
  const { size, files, truncated } = project;
  return (
    <span title={`${truncated ? "More than " : ""}${plural(files, "file")}`}>
      {truncated && "> "}
      {bytes(size)}
    </span>
  );
}
