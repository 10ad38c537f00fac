// The form of a definition: what most services need is open, the rest is folded away by subject.
import { Activity, Boxes, Gauge, Hammer, HardDrive, MapPin, RefreshCw, Tag } from "lucide-react";
import { useForm } from "./FormContext";
import { Group } from "./Group";
import { ModeField } from "./ModeField";
import { ChoiceField, code, Line, SwitchField, TextField } from "./PlainFields";
import { LineFields, PairFields, PortFields } from "./RowFields";

export function DefinitionForm() {
  const { names } = useForm();
  return (
    <div className="flex flex-col gap-3">
      <section aria-label="Essentials" className="card flex flex-col gap-5 px-4 py-4">
        <TextField
          path={["image"]}
          label="Image"
          required
          placeholder="${REGISTRY_HOST}/my-app:1"
          options={names.images.map((image) => `\${REGISTRY_HOST}/${image}`)}
          hint={
            <>
              <code className={code}>{"${REGISTRY_HOST}"}</code> stands for the private registry. A deploy
              pins the tag to its digest.
            </>
          }
        />
        <ModeField />
        <PortFields
          path={["ports"]}
          title="Ports"
          noun="Port"
          hint="Ingress answers on every node; host only where a task runs."
        />
        <PairFields
          path={["env"]}
          title="Environment"
          noun="Variable"
          hint="Not for passwords: use a Swarm secret."
        />
      </section>
      <Build />
      <Files />
      <Where />
      <Resources />
      <Health />
      <OverTime />
      <Process />
      <Labels />
    </div>
  );
}

function Build() {
  const { names } = useForm();
  return (
    <Group
      icon={Hammer}
      title="Build"
      about="the image is pulled as it is"
      paths={[["build_context"], ["dockerfile"], ["target"], ["platforms"], ["build_args"], ["auto_deploy"]]}
    >
      <TextField
        path={["build_context"]}
        label="Built from"
        placeholder="nothing: the image is pulled as it is"
        options={names.folders}
        hint="A folder below PROJECTS_DIR with a Dockerfile. Build makes the image of it and pushes it."
      />
      <Line>
        <TextField path={["dockerfile"]} label="Dockerfile" placeholder="Dockerfile" />
        <TextField path={["target"]} label="Stage" placeholder="the last one" />
        <TextField path={["platforms"]} kind="words" label="Platforms" placeholder="linux/amd64" />
      </Line>
      <PairFields
        path={["build_args"]}
        title="Build arguments"
        noun="Argument"
        hint="Kept in the image's history: no place for passwords."
      />
      <SwitchField
        path={["auto_deploy"]}
        on="digest"
        label="Deploy what is pushed"
        hint="When the registry tells that the tag has another digest, deploy again."
      />
    </Group>
  );
}

const Files = () => (
  <Group
    icon={HardDrive}
    title="Files and networks"
    about="no mounts, secrets or networks"
    paths={[["mounts"], ["secrets"], ["configs"], ["networks"]]}
  >
    <LineFields
      path={["mounts"]}
      title="Mounts"
      noun="Mount"
      placeholder="data:/var/lib/data"
      hint="A volume, or a folder that exists on the node."
    />
    <LineFields
      path={["secrets"]}
      title="Secrets"
      noun="Secret"
      placeholder="db-password"
      hint="Each is a file in /run/secrets."
    />
    <LineFields
      path={["configs"]}
      title="Configs"
      noun="Config"
      placeholder="nginx-conf"
      hint="Each is a file of its name, or at a target."
    />
    <LineFields
      path={["networks"]}
      title="Networks"
      noun="Network"
      placeholder="backend"
      hint="Overlay networks of the swarm, by name."
    />
  </Group>
);

function Where() {
  const { names } = useForm();
  return (
    <Group
      icon={MapPin}
      title="Placement"
      about="any node that has room"
      paths={[["constraints"], ["max_replicas_per_node"], ["preferences"]]}
    >
      <LineFields
        path={["constraints"]}
        title="Placement"
        noun="Constraint"
        placeholder="node.labels.disk == ssd"
        options={[
          ...names.hosts.map((host) => `node.hostname == ${host}`),
          "node.role == worker",
          "node.role == manager",
        ]}
        hint="Every constraint must hold."
      />
      <LineFields
        path={["preferences"]}
        title="Spread over"
        noun="Preference"
        placeholder='{"spread": "node.labels.zone"}'
        hint="Evenly over the values of a label."
      />
      <Line>
        <TextField
          path={["max_replicas_per_node"]}
          kind="number"
          label="At most per node"
          placeholder="any"
        />
      </Line>
    </Group>
  );
}

const Resources = () => (
  <Group
    icon={Gauge}
    title="Resources"
    about="no limits, nothing reserved"
    paths={[
      ["resources", "limits", "memory"],
      ["resources", "limits", "cpus"],
      ["resources", "limits", "pids"],
      ["resources", "reservations", "memory"],
      ["resources", "reservations", "cpus"],
    ]}
  >
    <Line>
      <TextField path={["resources", "limits", "memory"]} label="Memory limit" placeholder="512m" />
      <TextField path={["resources", "limits", "cpus"]} label="CPU limit" placeholder="0.5" />
      <TextField
        path={["resources", "limits", "pids"]}
        kind="number"
        label="Process limit"
        placeholder="none"
      />
      <TextField path={["resources", "reservations", "memory"]} label="Memory reserved" placeholder="64m" />
      <TextField path={["resources", "reservations", "cpus"]} label="CPU reserved" placeholder="0.1" />
    </Line>
    <p className="text-ink-3 text-sm">
      Limits are what a task may use, reservations what a node must have free for it.
    </p>
  </Group>
);

const Health = () => (
  <Group
    icon={Activity}
    title="Health check"
    about="the image's own, if it has one"
    paths={[
      ["healthcheck", "test"],
      ["healthcheck", "interval"],
      ["healthcheck", "timeout"],
      ["healthcheck", "retries"],
      ["healthcheck", "start_period"],
      ["healthcheck", "disable"],
    ]}
  >
    <TextField
      path={["healthcheck", "test"]}
      kind="words"
      label="Test"
      placeholder="wget -q -O /dev/null http://127.0.0.1/ || exit 1"
      hint="A line for the container's shell. A task counts as running only when it succeeds."
    />
    <Line>
      <TextField path={["healthcheck", "interval"]} label="Every" placeholder="30s" />
      <TextField path={["healthcheck", "timeout"]} label="Timeout" placeholder="30s" />
      <TextField path={["healthcheck", "retries"]} kind="number" label="Failures allowed" placeholder="3" />
      <TextField path={["healthcheck", "start_period"]} label="Start period" placeholder="0s" />
    </Line>
    <SwitchField path={["healthcheck", "disable"]} label="Switch off the image's own check" />
  </Group>
);

const orders = [
  ["", "stop first (default)"],
  ["stop-first", "stop first"],
  ["start-first", "start first"],
] as const;

const OverTime = () => (
  <Group
    icon={RefreshCw}
    title="Restarts and updates"
    about="the engine's defaults"
    paths={[
      ["restart_policy", "condition"],
      ["restart_policy", "delay"],
      ["restart_policy", "max_attempts"],
      ["restart_policy", "window"],
      ["update_config", "parallelism"],
      ["update_config", "delay"],
      ["update_config", "order"],
      ["update_config", "failure_action"],
      ["update_config", "monitor"],
      ["rollback_config"],
      ["stop_grace_period"],
    ]}
  >
    <Line>
      <ChoiceField
        path={["restart_policy", "condition"]}
        label="Restart"
        options={[
          ["", "always (default)"],
          ["any", "always"],
          ["on-failure", "after a failure"],
          ["none", "never"],
        ]}
      />
      <TextField path={["restart_policy", "delay"]} label="Restart delay" placeholder="5s" />
      <TextField
        path={["restart_policy", "max_attempts"]}
        kind="number"
        label="Restarts at most"
        placeholder="any"
      />
      <TextField path={["restart_policy", "window"]} label="Counted within" placeholder="for ever" />
      <TextField path={["stop_grace_period"]} label="Time to stop" placeholder="10s" />
    </Line>
    <Line>
      <TextField
        path={["update_config", "parallelism"]}
        kind="number"
        label="Updated at once"
        placeholder="1"
      />
      <TextField path={["update_config", "delay"]} label="Update delay" placeholder="0s" />
      <ChoiceField path={["update_config", "order"]} label="Update order" options={orders} />
      <ChoiceField
        path={["update_config", "failure_action"]}
        label="If an update fails"
        options={[
          ["", "pause (default)"],
          ["pause", "pause"],
          ["continue", "go on"],
          ["rollback", "roll back"],
        ]}
      />
      <TextField path={["update_config", "monitor"]} label="Watched for" placeholder="5s" />
      <TextField path={["update_config", "max_failure_ratio"]} label="Failures accepted" placeholder="0" />
    </Line>
    <Line>
      <TextField
        path={["rollback_config", "parallelism"]}
        kind="number"
        label="Rolled back at once"
        placeholder="1"
      />
      <ChoiceField path={["rollback_config", "order"]} label="Rollback order" options={orders} />
    </Line>
  </Group>
);

const Process = () => (
  <Group
    icon={Boxes}
    title="Container"
    about="as the image says"
    paths={[["command"], ["entrypoint"], ["user"], ["working_dir"], ["hostname"], ["init"], ["read_only"]]}
  >
    <TextField
      path={["command"]}
      kind="words"
      label="Command"
      placeholder="the image's own"
      hint='One line, or words as ["serve", "--all"].'
    />
    <TextField path={["entrypoint"]} kind="words" label="Entrypoint" placeholder="the image's own" />
    <Line>
      <TextField path={["user"]} label="User" placeholder="1000:1000" />
      <TextField path={["working_dir"]} label="Working folder" placeholder="/app" />
      <TextField path={["hostname"]} label="Host name" placeholder="{{.Node.Hostname}}" />
    </Line>
    <SwitchField path={["init"]} label="Run an init process" />
    <SwitchField path={["read_only"]} label="Read-only root file system" />
  </Group>
);

const Labels = () => (
  <Group icon={Tag} title="Labels" about="none" paths={[["labels"], ["container_labels"]]}>
    <PairFields
      path={["labels"]}
      title="Labels"
      noun="Label"
      placeholder="com.example.team"
      hint="On the service; changing them restarts nothing."
    />
    <PairFields
      path={["container_labels"]}
      title="Container labels"
      noun="Container label"
      placeholder="com.example.role"
      hint="On each container; changing them restarts the tasks."
    />
  </Group>
);
