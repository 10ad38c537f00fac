// The builds of one service's image.
import { Hammer } from "lucide-react";
import { asProblem } from "@/api/problem";
import type { ServiceDetail } from "@/api/types";
import { BuildList } from "@/components/BuildList";
import { Button } from "@/components/Button";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { useBuilds } from "@/hooks/useBuilds";
import { useMay } from "@/hooks/usePermissions";
import { barred } from "@/lib/permissions";
import { builtFrom } from "@/lib/serviceActs";

const code = "font-mono text-[12.5px]";

export default function BuildsTab({ service, onBuild }: { service: ServiceDetail; onBuild: () => void }) {
  const { data, error, refetch } = useBuilds({ service: service.name }, 50);
  const project = builtFrom(service);
  const mayNotBuild = useMay()("build");
  return (
    <div className="card @container overflow-hidden">
      {data !== undefined ? (
        data.items.length > 0 ? (
          <BuildList builds={data.items} named={false} />
        ) : project !== null ? (
          <EmptyState
            icon={Hammer}
            title="Never built from here"
            action={
              <Button onClick={onBuild} {...barred(mayNotBuild)}>
                <Hammer aria-hidden className="size-4" />
                Build {service.name}
              </Button>
            }
          >
            <p>
              Its image is made of the project <code className={code}>{project}</code>, pushed to its
              registry, and deployed by its digest.
            </p>
          </EmptyState>
        ) : (
          <EmptyState icon={Hammer} title="Its image is not built here">
            <p>
              A <code className={code}>build_context</code> in the definition names the project's folder that
              the image is built from.
            </p>
          </EmptyState>
        )
      ) : error === null ? (
        <SkeletonRows rows={4} label="Loading builds" />
      ) : (
        <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
      )}
    </div>
  );
}
