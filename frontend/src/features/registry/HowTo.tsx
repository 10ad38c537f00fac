// Empty registries that teach: how to have one, and how to bring an image into it.
import { Package, PackageOpen } from "lucide-react";
import type { ReactNode } from "react";
import { Command } from "@/components/CopyButton";
import { EmptyState } from "@/components/States";

const code = "font-mono text-[12.5px]";

export function NoRegistry({ action }: { action: ReactNode }) {
  return (
    <EmptyState icon={PackageOpen} title="No registry is configured" action={action}>
      <p>
        A registry is where the nodes pull your own images from. One container makes one; reach it by an
        address that every node knows, never by <code className={code}>localhost</code>:
      </p>
      <Command>
        {
          "docker run -d -p 5000:5000 --restart always \\\n  -e REGISTRY_STORAGE_DELETE_ENABLED=true \\\n  -v registry:/var/lib/registry --name registry registry:2"
        }
      </Command>
      <p>Then tell the orchestrator where it is, and start it again:</p>
      <Command>{"REGISTRY_URL=http://192.168.1.100:5000"}</Command>
      <p className="text-sm">
        A registry without TLS must also be in <code className={code}>insecure-registries</code> of every
        node's <code className={code}>/etc/docker/daemon.json</code>.
      </p>
    </EmptyState>
  );
}

export function EmptyRegistry({ host, action }: { host: string; action?: ReactNode }) {
  return (
    <EmptyState icon={Package} title="Nothing pushed yet" action={action}>
      <p>
        Tag an image with the registry's address and push it, or let{" "}
        <b className="font-semibold text-ink">Build</b> on a service with a project do both:
      </p>
      <Command>{`docker tag my-app ${host}/my-app:1\ndocker push ${host}/my-app:1`}</Command>
      <p>
        In a definition write <code className={code}>{"image: ${REGISTRY_HOST}/my-app:1"}</code>; the address
        is filled in from <code className={code}>REGISTRY_URL</code>, so the file works in every environment.
      </p>
    </EmptyState>
  );
}
