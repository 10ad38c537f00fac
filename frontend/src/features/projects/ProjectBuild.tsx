// Building a project: for the service whose definition names it, or the way to such a service.
import type { Project } from "@/api/types";
import BuildDialog from "@/components/BuildDialog";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { NewServiceLink } from "@/components/NewServiceLink";

export default function ProjectBuild({ project, onClose }: { project: Project; onClose: () => void }) {
  const { name, services } = project;
  if (services.length > 0) return <BuildDialog of={name} services={services} onClose={onClose} />;
  return (
    <Dialog title={`No service is built from ${name}`} onClose={onClose}>
      <div className="flex flex-col gap-3 text-ink-2">
        <p>
          A build takes the image's name, the Dockerfile and the build arguments from a service's definition.
          Write one whose <code className="font-mono text-[12.5px]">build_context</code> is this folder; it
          can then be built and deployed in one go.
        </p>
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <NewServiceLink project={name}>New service from {name}</NewServiceLink>
        </div>
      </div>
    </Dialog>
  );
}
