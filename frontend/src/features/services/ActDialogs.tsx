// The dialogs of one service: each says what will happen before it does.
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Service } from "@/api/types";
import BuildDialog from "@/components/BuildDialog";
import { ConfirmDialog } from "@/components/Dialog";
import { DockerCommand } from "@/components/DockerCommand";
import { ProblemNote } from "@/components/States";
import {
  useDeleteService,
  useDeploy,
  useRestart,
  useRevisions,
  useRollback,
  useServices,
  useStop,
} from "@/hooks/useApi";
import { whatGoesAway, whileRestarting } from "@/lib/consequences";
import { deployCommand, restartCommand, rollbackCommand, stopCommand } from "@/lib/dockerCommands";
import { plural, whenExactly } from "@/lib/format";
import { AddToCatalog } from "./AddToCatalog";
import { ScaleDialog } from "./ScaleDialog";
import type { Act } from "./useActs";

interface Props {
  service: Service;
  /** Of a rollback: to which, when that was chosen already. */
  revision: number | null;
  onClose: () => void;
}

/** What ends with it, as far as that is certain. */
function Ends({ service, gone = false }: { service: Service; gone?: boolean }) {
  const { services } = useServices();
  const lines = gone ? whatGoesAway([service], services ?? [service]) : [];
  return (
    <>
      <p>
        <Where service={service} />
        {gone && " The service is removed from the swarm."}
      </p>
      {lines.length > 0 && (
        <ul aria-label="What goes away" className="flex list-disc flex-col gap-1 pl-4">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </>
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
      <Ends service={service} gone />
      <p>Its definition stays in the catalog; Deploy brings it back.</p>
      <DockerCommand>{stopCommand([service])}</DockerCommand>
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
      <DockerCommand note="As far as the list knows it: a definition says more.">
        {deployCommand([service])}
      </DockerCommand>
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
      {whileRestarting([service]).map((line) => (
        <p key={line}>{line}</p>
      ))}
      <DockerCommand>{restartCommand([service])}</DockerCommand>
      {restart.error !== null && <ProblemNote problem={asProblem(restart.error)} />}
    </ConfirmDialog>
  );
}

function RollbackDialog({ service, revision, onClose }: Props) {
  const rollback = useRollback(service.name);
  const { data } = useRevisions(service.name);
  const [to, setTo] = useState(revision);
  const id = useId();
  const choices = (data?.items ?? []).filter(
    (each) => each.deployed && !each.deleted && each.revision !== service.revision,
  );
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
      <DockerCommand note="The engine knows the specification before this one, and none that is older.">
        {rollbackCommand(service)}
      </DockerCommand>
      {rollback.error !== null && <ProblemNote problem={asProblem(rollback.error)} />}
    </ConfirmDialog>
  );
}

function Build({ service, onClose }: Props) {
  return <BuildDialog of={service.name} services={[service.name]} onClose={onClose} />;
}

function AddDialog({ service, onClose }: Props) {
  return <AddToCatalog service={service} onClose={onClose} />;
}

const dialogs: Record<Act, (props: Props) => React.ReactNode> = {
  add: AddDialog,
  build: Build,
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
