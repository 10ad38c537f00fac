import { FolderGit2 } from "lucide-react";
import { Command } from "@/components/CopyButton";
import { PageTitle } from "@/components/Layout";
import { EmptyState } from "@/components/States";
import { usePageTitle } from "@/hooks/usePageTitle";

const code = "font-mono text-[12.5px]";

export function Projects() {
  usePageTitle("Projects");
  return (
    <>
      <PageTitle title="Projects" sub="Folders that images are built from" />
      <div className="card">
        <EmptyState icon={FolderGit2} title="Projects are not listed here yet">
          <p>
            A project is a folder with a <code className={code}>Dockerfile</code> below{" "}
            <code className={code}>PROJECTS_DIR</code> on the orchestrator's machine. Listing and building
            them here comes with a later version; the folder can be filled today.
          </p>
          <Command>{"rsync -av --exclude=.git ./my-app/ manager:$PROJECTS_DIR/my-app/"}</Command>
          <p>
            A definition names its folder with <code className={code}>build_context: my-app</code>. Until
            building works from here, build and push the image by hand, as the Registry page shows.
          </p>
        </EmptyState>
      </div>
    </>
  );
}
