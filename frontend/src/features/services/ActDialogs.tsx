// The dialogs of one service: each says what will happen before it does.
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Service } from "@/api/types";
import { Button } from "@/components/Button";
import { ConfirmDialog, Dialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import {
  useDeleteService,
  useDeploy,
  useRestart,
  useRevisions,
  useRollback,
  useScale,
  useStop,
} from "@/hooks/useApi";
import { plural, whenExactly } from "@/lib/format";
import type { Act } from "./useActs";

interface Props {
  service: Service;
  /** Of a rollback: to which, when that was chosen already. */
  revision: number | null;
  onClose: () => void;
}

function ScaleDialog({ service, onClose }: Props) {
  const [replicas, setReplicas] = useState(String(service.desired));
  const scale = useScale(service.name);
  const id = useId();
  const wanted = /^\d+$/.test(replicas.trim()) ? Number(replicas) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted !== null) scale.mutate(wanted, { onSuccess: onClose });
  };
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

function Where({ service }: { service: Service }) {
  if (service.running === 0) return <>No task of it runs now.</>;
  const hosts = service.nodes.map((node) => node.hostname);
  return (
    <>
      <b className="font-semibold text-ink">{plural(service.running, "running task")}</b>
      {hosts.length > 0 && hosts.length <= 4
        ? ` on ${hosts.join(", ")}`
        : hosts.length > 4
          ? ` on ${hosts.length} nodes`
          : ""}{" "}
      {service.running === 1 ? "ends" : "end"}.
    </>
  );
}

function StopDialog({ service, onClose }: Props) {
  const stop = useStop(service.name);
  return (
    <ConfirmDialog
      title={`Stop ${service.name}?`}
      confirm="Stop"
      busy={stop.isPending}
      onConfirm={() => stop.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        <Where service={service} /> The service is removed from the swarm, its published ports close.
      </p>
      <p>Its definition stays in the catalog; Deploy brings it back.</p>
      {stop.error !== null && <ProblemNote problem={asProblem(stop.error)} />}
    </ConfirmDialog>
  );
}

function DeleteDialog({ service, onClose }: Props) {
  const remove = useDeleteService(service.name);
  const navigate = useNavigate();
  const problem = remove.error === null ? null : asProblem(remove.error);
  const force = service.live || problem?.code === "service_is_live";
  return (
    <ConfirmDialog
      title={`Delete ${service.name} from the catalog?`}
      confirm={force ? "Delete and leave running" : "Delete"}
      danger
      busy={remove.isPending}
      onConfirm={() =>
        remove.mutate(
          { force },
          {
            onSuccess: () => {
              onClose();
              void navigate({ to: "/services" });
            },
          },
        )
      }
      onClose={onClose}
    >
      <p>
        Its definition file is deleted. Earlier revisions stay in the database, but the catalog no longer
        lists {service.name}.
      </p>
      {force && (
        <p>
          <b className="font-semibold text-ink">It is in the swarm</b> with{" "}
          {plural(service.running, "running task")}; they go on running and can then no longer be changed from
          here. To end them too, stop it first.
        </p>
      )}
      {problem !== null && problem.code !== "service_is_live" && <ProblemNote problem={problem} />}
    </ConfirmDialog>
  );
}

function AdoptDialog({ service, onClose }: Props) {
  const deploy = useDeploy(service.name);
  return (
    <ConfirmDialog
      title={`Take over ${service.name}?`}
      confirm="Take over and deploy"
      busy={deploy.isPending}
      onConfirm={() => deploy.mutate({ adopt: true }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        The swarm already runs a service of this name that was not deployed from this catalog, perhaps by{" "}
        <code className="font-mono text-[12.5px]">docker stack deploy</code>.
      </p>
      <p>
        Taking over replaces its specification with the definition here. <Where service={service} />
      </p>
      {deploy.error !== null && <ProblemNote problem={asProblem(deploy.error)} />}
    </ConfirmDialog>
  );
}

function RestartDialog({ service, onClose }: Props) {
  const restart = useRestart(service.name);
  return (
    <ConfirmDialog
      title={`Restart ${service.name}?`}
      confirm="Restart"
      busy={restart.isPending}
      onConfirm={() => restart.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        All its tasks are replaced by new ones of what runs now, a few at a time as its update settings say.{" "}
        <Where service={service} />
      </p>
      {restart.error !== null && <ProblemNote problem={asProblem(restart.error)} />}
    </ConfirmDialog>
  );
}

function RollbackDialog({ service, revision, onClose }: Props) {
  const rollback = useRollback(service.name);
  const { data } = useRevisions(service.name);
  const [to, setTo] = useState(revision);
  const id = useId();
  const choices = (data?.items ?? []).filter((each) => each.deployed && !each.deleted && !each.live);
  return (
    <ConfirmDialog
      title={`Roll back ${service.name}?`}
      confirm="Roll back"
      busy={rollback.isPending}
      onConfirm={() => rollback.mutate(to, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        An earlier definition is deployed again, with the image it ran with then. It becomes the newest
        revision, so the next deploy keeps it.
      </p>
      <div>
        <label htmlFor={id} className="mb-1 block font-medium text-ink">
          Back to
        </label>
        <select
          id={id}
          value={to ?? ""}
          onChange={(event) => setTo(event.target.value === "" ? null : Number(event.target.value))}
          className="field"
        >
          <option value="">what was deployed before</option>
          {choices.map((each) => (
            <option key={each.revision} value={each.revision}>
              revision {each.revision}, {whenExactly(each.created_at)}
            </option>
          ))}
        </select>
      </div>
      {rollback.error !== null && <ProblemNote problem={asProblem(rollback.error)} />}
    </ConfirmDialog>
  );
}

const dialogs: Record<Act, (props: Props) => React.ReactNode> = {
  scale: ScaleDialog,
  stop: StopDialog,
  delete: DeleteDialog,
  adopt: AdoptDialog,
  restart: RestartDialog,
  rollback: RollbackDialog,
};

export default function ActDialog({ act, ...props }: Props & { act: Act }) {
  const Chosen = dialogs[act];
  return <Chosen {...props} />;
}
