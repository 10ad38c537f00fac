// The head of a service's page: name, status, what is the matter, and the acts.
import { EllipsisVertical, Rocket, RotateCw, Trash2, Undo2 } from "lucide-react";
import { Suspense } from "react";
import type { Service } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { LazyMenu } from "@/components/LazyMenu";
import { Said } from "@/components/Said";
import { StatusBadge } from "@/components/StatusBadge";
import { later } from "@/lib/later";
import { needsAttention } from "@/lib/status";
import type { useActs } from "./useActs";
import { whyNot } from "./useActs";

const ActDialog = later(() => import("./ActDialogs"));

/** Reasons that the badge tells in full. */
const told = new Set<Service["reason"]>([null, "never_deployed", "removed", "scaled_to_zero"]);

export function DetailHead({ service, acts }: { service: Service; acts: ReturnType<typeof useActs> }) {
  const { open, setOpen, revision, rollBackTo, deploy, deploying } = acts;
  const not = (act: Parameters<typeof whyNot>[1]) => whyNot(service, act);
  return (
    <div>
      <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">{service.name}</h1>
        <StatusBadge service={service} />
        <span className="font-mono text-[12.5px] text-ink-3 [overflow-wrap:anywhere]">{service.image}</span>
        {service.in_catalog && (
          <div className="flex gap-2 sm:ml-auto">
            <Button
              disabled={not("stop") !== null}
              title={not("stop") ?? undefined}
              onClick={() => setOpen("stop")}
            >
              Stop
            </Button>
            <Button
              disabled={not("scale") !== null}
              title={not("scale") ?? undefined}
              onClick={() => setOpen("scale")}
            >
              Scale
            </Button>
            <Button
              look="primary"
              busy={deploying}
              disabled={not("deploy") !== null}
              title={not("deploy") ?? undefined}
              onClick={deploy}
            >
              <Rocket aria-hidden className="size-4" />
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
                    disabled: not("restart") !== null,
                    onSelect: () => setOpen("restart"),
                  },
                  {
                    label: "Roll back",
                    icon: <Undo2 />,
                    disabled: not("rollback") !== null,
                    onSelect: () => rollBackTo(null),
                  },
                ],
                [{ label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setOpen("delete") }],
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
