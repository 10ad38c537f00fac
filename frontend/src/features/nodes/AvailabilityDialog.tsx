import { MoveRight, OctagonX } from "lucide-react";
import { asProblem } from "@/api/problem";
import type { MovingService, Node } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote, Skeleton } from "@/components/States";
import { useDrainPreview, useSetAvailability } from "@/hooks/useApi";
import { plural } from "@/lib/format";

interface Props {
  node: Node;
  to: "drain" | "active";
  onClose: () => void;
}

export default function AvailabilityDialog(props: Props) {
  return props.to === "drain" ? <Drain {...props} /> : <Activate {...props} />;
}

function Drain({ node, onClose }: Props) {
  const preview = useDrainPreview(node.id);
  const change = useSetAvailability(node.id, node.hostname);
  const services = preview.data?.services ?? [];
  const moving = services.filter((service) => service.moves);
  const ending = services.filter((service) => !service.moves);
  return (
    <ConfirmDialog
      title={`Drain ${node.hostname}?`}
      confirm="Drain"
      busy={change.isPending}
      onConfirm={() => change.mutate("drain", { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        Its tasks end here and it takes no new ones until it is activated again. The node stays in the swarm
        {node.role === "manager" ? " and stays a manager" : ""}.
      </p>
      {preview.error !== null ? (
        <ProblemNote problem={asProblem(preview.error)}>
          <p className="mt-0.5">What would move could not be read.</p>
        </ProblemNote>
      ) : preview.data === undefined ? (
        <div role="status" aria-label="Reading what would move" className="flex flex-col gap-2">
          <Skeleton className="h-4 w-52" />
          <Skeleton className="h-4 w-40" />
        </div>
      ) : services.length === 0 ? (
        <p className="text-ink">No task runs here: nothing moves.</p>
      ) : (
        <>
          <Group title="Starts again on other nodes" services={moving} />
          <Group title="Ends here and starts nowhere else" services={ending} />
        </>
      )}
      {change.error !== null && <ProblemNote problem={asProblem(change.error)} />}
    </ConfirmDialog>
  );
}

function Group({ title, services }: { title: string; services: MovingService[] }) {
  if (services.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 font-medium text-ink">{title}</h3>
      <ul className="max-h-56 overflow-y-auto rounded-lg border border-line">
        {services.map(({ service, tasks, moves, note }) => (
          <li
            key={service}
            className="flex items-start gap-2.5 border-line border-b px-3 py-1.5 last:border-b-0"
          >
            {moves ? (
              <MoveRight aria-hidden className="mt-0.5 size-4 shrink-0 text-move-ink" />
            ) : (
              <OctagonX aria-hidden className="mt-0.5 size-4 shrink-0 text-wait-ink" />
            )}
            <span className="min-w-0 flex-1">
              <b className="font-semibold text-ink">{service}</b>
              {note !== null && <span className="block text-sm">{note}</span>}
            </span>
            <span className="num whitespace-nowrap text-sm">{plural(tasks, "task")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Activate({ node, onClose }: Props) {
  const change = useSetAvailability(node.id, node.hostname);
  return (
    <ConfirmDialog
      title={`Activate ${node.hostname}?`}
      confirm="Activate"
      busy={change.isPending}
      onConfirm={() => change.mutate("active", { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        It takes new tasks again, and global services start here. Tasks that moved away stay where they are:
        Swarm does not move running tasks back.
      </p>
      {change.error !== null && <ProblemNote problem={asProblem(change.error)} />}
    </ConfirmDialog>
  );
}
