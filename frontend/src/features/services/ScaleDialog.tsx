// To how many: what ends is said before it does, and who else turned the same knob.
import { type FormEvent, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Service } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { DockerCommand } from "@/components/DockerCommand";
import { ProblemNote } from "@/components/States";
import { useScale } from "@/hooks/useApi";
import { scaleCommand } from "@/lib/dockerCommands";
import { plural } from "@/lib/format";

export function ScaleDialog({ service, onClose }: { service: Service; onClose: () => void }) {
  const [replicas, setReplicas] = useState(String(service.desired));
  const [opened] = useState({ desired: service.desired, revision: service.revision });
  const scale = useScale(service.name);
  const id = useId();
  const wanted = /^\d+$/.test(replicas.trim()) ? Number(replicas) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted !== null) scale.mutate(wanted, { onSuccess: onClose });
  };
  // Not while our own number is on its way: that moves it, too.
  const moved =
    !scale.isPending &&
    !scale.isSuccess &&
    (service.desired !== opened.desired || service.revision !== opened.revision);
  const job = service.mode.endsWith("-job");
  return (
    <Dialog
      title={`Scale ${service.name}`}
      description={
        job
          ? "How many times the job must complete."
          : `${service.running} of ${service.desired} run now. The number is written to the definition too, so the next deploy keeps it.`
      }
      onClose={onClose}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <div>
          <label htmlFor={id} className="mb-1 block font-medium">
            Replicas
          </label>
          <div className="flex items-center gap-2">
            <Button
              aria-label="One fewer"
              disabled={wanted === null || wanted === 0}
              onClick={() => setReplicas(String((wanted ?? 1) - 1))}
            >
              −
            </Button>
            <input
              id={id}
              autoFocus
              inputMode="numeric"
              autoComplete="off"
              value={replicas}
              aria-invalid={wanted === null}
              aria-describedby={`${id}-hint`}
              onFocus={(event) => event.target.select()}
              onChange={(event) => setReplicas(event.target.value)}
              className="field num w-24 text-center"
            />
            <Button aria-label="One more" onClick={() => setReplicas(String((wanted ?? 0) + 1))}>
              +
            </Button>
          </div>
          <p id={`${id}-hint`} className="mt-1.5 min-h-5 text-ink-3 text-sm">
            {wanted === null
              ? "A whole number, 0 or more."
              : wanted === 0
                ? "No task will run; the service stays in the swarm."
                : wanted < service.running
                  ? `${plural(service.running - wanted, "task")} will end.`
                  : ""}
          </p>
        </div>
        {moved && (
          <p role="status" className="rounded-lg bg-wait-soft px-3 py-2 text-sm text-wait-ink">
            Someone else changed it while this was open: it wants {plural(service.desired, "replica")} now
            {service.revision !== null && `, revision ${service.revision}`}.
          </p>
        )}
        {wanted !== null && <DockerCommand>{scaleCommand([service], wanted)}</DockerCommand>}
        {scale.error !== null && <ProblemNote problem={asProblem(scale.error)} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={scale.isPending} disabled={wanted === null}>
            Scale
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
