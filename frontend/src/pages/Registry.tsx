import { Package } from "lucide-react";
import { Command } from "@/components/CopyButton";
import { PageTitle } from "@/components/Layout";
import { EmptyState } from "@/components/States";
import { useServices } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { imageParts } from "@/lib/format";

/** The registry most services here pull from; a placeholder when none is known. */
function useRegistryHost(): string {
  const { services } = useServices();
  const counts = new Map<string, number>();
  for (const { image } of services ?? []) {
    const host = image === null ? null : imageParts(image).registry;
    if (host?.includes(":")) counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "<registry>:5000";
}

const code = "font-mono text-[12.5px]";

export function Registry() {
  const host = useRegistryHost();
  usePageTitle("Registry");
  return (
    <>
      <PageTitle title="Registry" sub="Where the nodes pull your own images from" />
      <div className="card">
        <EmptyState icon={Package} title="Images are not listed here yet">
          <p>
            The browser of repositories and tags comes with a later version. Pushing and deploying work today:
            tag an image with the registry's address, push it, and name it in a definition.
          </p>
          <Command>{`docker build --platform linux/amd64 -t ${host}/my-app:1 .\ndocker push ${host}/my-app:1`}</Command>
          <p>
            In a definition write <code className={code}>{"image: ${REGISTRY_HOST}/my-app:1"}</code>; the
            address is filled in from <code className={code}>REGISTRY_URL</code>, so the file works in every
            environment. A deploy pins the tag to the digest it has at that moment.
          </p>
          <p className="text-sm">
            A registry without TLS must be in <code className={code}>insecure-registries</code> of every
            node's <code className={code}>/etc/docker/daemon.json</code>.
          </p>
        </EmptyState>
      </div>
    </>
  );
}
