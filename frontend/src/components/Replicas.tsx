// The replicas of a service with one more and one fewer: the number that was asked for is shown at once.
import { clsx } from "clsx";
import { Minus, Plus } from "lucide-react";
import type { Service } from "@/api/types";
import { useMay } from "@/hooks/usePermissions";
import { useStepper } from "@/hooks/useScaling";
import { IconButton } from "./Button";
import { Slots } from "./Slots";

const stepClass =
  "size-5 opacity-0 transition-opacity focus-visible:opacity-100 group-hover/row:opacity-100 group-focus-within/row:opacity-100 disabled:group-hover/row:opacity-40 [&_svg]:size-3.5 pointer-coarse:hidden";

const canScale = (service: Service) =>
  service.in_catalog &&
  service.live &&
  service.deployed_revision !== null &&
  service.mode === "replicated" &&
  service.status !== "broken";

/** `always`: the steps are seen without pointing at them. */
export function Replicas({
  service,
  most = 8,
  always = false,
}: {
  service: Service;
  most?: number;
  always?: boolean;
}) {
  const { shown, phase, to } = useStepper(service);
  const mayScale = useMay()("operate") === null;
  const steps = mayScale && canScale(service);
  const under = clsx(stepClass, always && "size-6! opacity-100! pointer-coarse:grid!");
  return (
    <span className="flex min-w-0 items-center gap-0.5">
      <span
        className={clsx(
          "-mx-1 rounded px-1 transition-colors",
          phase === "refused" && "bg-bad-soft",
          (phase === "gathering" || phase === "sent") && "bg-move-soft",
        )}
        title={
          phase === "refused" ? "Refused: it is as it was" : phase === null ? undefined : `${shown} asked for`
        }
      >
        <Slots service={shown === service.desired ? service : { ...service, desired: shown }} most={most} />
      </span>
      {steps && (
        <>
          <IconButton
            label={`One fewer ${service.name}`}
            disabled={shown === 0}
            onClick={() => to(shown - 1)}
            className={under}
          >
            <Minus />
          </IconButton>
          <IconButton label={`One more ${service.name}`} onClick={() => to(shown + 1)} className={under}>
            <Plus />
          </IconButton>
        </>
      )}
    </span>
  );
}
