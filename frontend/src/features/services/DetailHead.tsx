// The head of a service's page: name, status, what is the matter, and the acts.
import { EllipsisVertical, Hammer, Rocket, RotateCw, Trash2, Undo2 } from "lucide-react";
import { Suspense } from "react";
import type { Service, ServiceDetail } from "@/api/types";
import { BuildMark } from "@/components/BuildMark";
import { Button, IconButton } from "@/components/Button";
import { LazyMenu } from "@/components/LazyMenu";
import { Said } from "@/components/Said";
import { StatusBadge } from "@/components/StatusBadge";
import { useEntry, useWhyNot } from "@/hooks/usePermissions";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";
import { builtFrom, type ServiceAct } from "@/lib/serviceActs";
import { needsAttention } from "@/lib/status";
import type { useActs } from "./useActs";

const ActDialog = later(() => import("./ActDialogs"));

/** Reasons that the badge tells in full. */
const told = new Set<Service["reason"]>([null, "never_deployed", "removed", "scaled_to_zero"]);

export function DetailHead({ service, acts }: { service: ServiceDetail; acts: ReturnType<typeof useActs> }) {
  const { open, setOpen, revision, rollBackTo, deploy, deploying } = acts;
  const project = builtFrom(service);
  const whyNot = useWhyNot();
  const entry = useEntry();
  const not = (act: ServiceAct) => whyNot(service, act);
  return (
    <div>
      <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">{service.name}</h1>
        <StatusBadge service={service} />
        <span className="font-mono text-[12.5px] text-ink-3 [overflow-wrap:anywhere]">{service.image}</span>
        <BuildMark build={service.build} />
        {service.in_catalog && (
          <div className="flex flex-wrap gap-2 max-sm:gap-1.5 sm:ml-auto">
            {project !== null && (
              <Button
                disabled={not("build") !== null}
                title={not("build") ?? `From the project ${project}`}
                onClick={() => setOpen("build")}
              >
                <Hammer aria-hidden className="size-4 max-sm:hidden" />
                Build
              </Button>
            )}
            <Button {...barred(not("stop"))} onClick={() => setOpen("stop")}>
              Stop
            </Button>
            <Button {...barred(not("scale"))} onClick={() => setOpen("scale")}>
              Scale
            </Button>
            <Button look="primary" busy={deploying} {...barred(not("deploy"))} onClick={deploy}>
              <Rocket aria-hidden className="size-4 max-sm:hidden" />
              Deploy
            </Button>
            <LazyMenu
              trigger={
                <IconButton label="More" className="size-[34px]">
                  <EllipsisVertical />
                </IconButton>
              }
              groups={[
                [
                  {
                    label: "Restart",
                    icon: <RotateCw />,
                    ...entry(service, "restart"),
                    onSelect: () => setOpen("restart"),
                  },
                  {
                    label: "Roll back",
                    icon: <Undo2 />,
                    ...entry(service, "rollback"),
                    onSelect: () => rollBackTo(null),
                  },
                ],
                [
                  {
                    label: "Delete",
                    icon: <Trash2 />,
                    danger: true,
                    ...entry(service, "delete"),
                    onSelect: () => setOpen("delete"),
                  },
                ],
              ]}
            />
          </div>
        )}
      </div>
      {service.message !== null && (needsAttention(service) || !told.has(service.reason)) && (
        <p className="mt-1.5 max-w-3xl text-ink-2 [overflow-wrap:anywhere]">
          <Said>{service.message}</Said>
        </p>
      )}
      {open !== null && (
        <Suspense fallback={null}>
          <ActDialog act={open} revision={revision} service={service} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </div>
  );
}
