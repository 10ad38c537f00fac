// The form of a new service: what most services need; the rest is for YAML.
import { clsx } from "clsx";
import { Field } from "@/components/Field";
import type { DefinitionForm, LineField, PortField } from "@/lib/definitionForm";
import { Rows } from "./Rows";

interface Props {
  form: DefinitionForm;
  onChange: (form: DefinitionForm) => void;
  /** The server's reasons by form field. */
  errors: Readonly<Record<string, string>>;
}

const blankPort = (id: number): PortField => ({
  id,
  published: "",
  target: "",
  protocol: "tcp",
  mode: "ingress",
});
const blankLine = (id: number): LineField => ({ id, value: "" });
const code = "font-mono text-[12.5px]";

export function DefinitionFields({ form, onChange, errors }: Props) {
  const set = (change: Partial<DefinitionForm>) => onChange({ ...form, ...change });
  return (
    <div className="flex flex-col gap-6">
      <Field
        label="Image"
        required
        placeholder="${REGISTRY_HOST}/my-app:1"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={form.image}
        error={errors["image"]}
        hint={
          <>
            <code className={code}>{"${REGISTRY_HOST}"}</code> stands for the private registry. A deploy pins
            the tag to its digest.
          </>
        }
        onChange={(event) => set({ image: event.target.value })}
      />
      <div className="flex flex-wrap items-start gap-x-6 gap-y-4">
        <fieldset>
          <legend className="mb-1 font-medium">Mode</legend>
          <div className="flex overflow-hidden rounded-md border border-line-strong">
            {(["replicated", "global"] as const).map((mode) => (
              <label
                key={mode}
                className={clsx(
                  "cursor-pointer px-3 py-1.5 font-[550] has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:-outline-offset-2",
                  form.mode === mode ? "bg-accent-soft text-accent" : "bg-surface text-ink-2",
                )}
              >
                <input
                  type="radio"
                  name="mode"
                  className="sr-only"
                  checked={form.mode === mode}
                  onChange={() => set({ mode })}
                />
                {mode === "replicated" ? "Replicated" : "Global"}
              </label>
            ))}
          </div>
          {errors["mode"] !== undefined && <p className="mt-1 text-bad-ink text-sm">{errors["mode"]}</p>}
        </fieldset>
        {form.mode === "replicated" ? (
          <Field
            className="w-44"
            label="Replicas"
            inputMode="numeric"
            autoComplete="off"
            value={form.replicas}
            error={errors["replicas"]}
            onChange={(event) => set({ replicas: event.target.value })}
          />
        ) : (
          <p className="pt-8 text-ink-3 text-sm">Once on every node that fits.</p>
        )}
      </div>
      <Rows
        title="Ports"
        noun="Port"
        hint="Ingress answers on every node; host only where a task runs."
        error={errors["ports"]}
        rows={form.ports}
        fresh={blankPort}
        onChange={(ports) => set({ ports })}
      >
        {(row, change, label) => (
          <>
            <input
              aria-label={`${label}: published`}
              placeholder="8080"
              inputMode="numeric"
              value={row.published}
              onChange={(event) => change({ published: event.target.value })}
              className="field num w-24 min-w-0"
            />
            <span aria-hidden className="text-ink-3">
              →
            </span>
            <input
              aria-label={`${label}: in the container`}
              placeholder="80"
              inputMode="numeric"
              value={row.target}
              onChange={(event) => change({ target: event.target.value })}
              className="field num w-20 min-w-0"
            />
            <select
              aria-label={`${label}: protocol`}
              value={row.protocol}
              onChange={(event) => change({ protocol: event.target.value === "udp" ? "udp" : "tcp" })}
              className="field w-20"
            >
              <option>tcp</option>
              <option>udp</option>
            </select>
            <select
              aria-label={`${label}: mode`}
              value={row.mode}
              onChange={(event) => change({ mode: event.target.value === "host" ? "host" : "ingress" })}
              className="field w-28"
            >
              <option>ingress</option>
              <option>host</option>
            </select>
          </>
        )}
      </Rows>
      <Rows
        title="Environment"
        noun="Variable"
        hint="Not for passwords: use a Swarm secret, in YAML."
        error={errors["env"]}
        rows={form.env}
        fresh={(id) => ({ id, key: "", value: "" })}
        onChange={(env) => set({ env })}
      >
        {(row, change, label) => (
          <>
            <input
              aria-label={`${label}: name`}
              placeholder="NAME"
              spellCheck={false}
              autoCapitalize="none"
              value={row.key}
              onChange={(event) => change({ key: event.target.value })}
              className={clsx("field max-w-56", code)}
            />
            <input
              aria-label={`${label}: value`}
              placeholder="value"
              spellCheck={false}
              autoCapitalize="none"
              value={row.value}
              onChange={(event) => change({ value: event.target.value })}
              className={clsx("field", code)}
            />
          </>
        )}
      </Rows>
      <Lines
        title="Placement"
        noun="Constraint"
        hint="Every constraint must hold."
        placeholder="node.labels.disk == ssd"
        rows={form.constraints}
        error={errors["constraints"]}
        onChange={(constraints) => set({ constraints })}
      />
      <Lines
        title="Mounts"
        noun="Mount"
        hint="A volume or a folder that exists on the node."
        placeholder="data:/var/lib/data"
        rows={form.mounts}
        error={errors["mounts"]}
        onChange={(mounts) => set({ mounts })}
      />
      <Lines
        title="Networks"
        noun="Network"
        hint="Attachable overlay networks, by name."
        placeholder="backend"
        rows={form.networks}
        error={errors["networks"]}
        onChange={(networks) => set({ networks })}
      />
      <div className="flex flex-wrap gap-4">
        <Field
          className="w-44"
          label="Memory limit"
          placeholder="512M"
          autoComplete="off"
          value={form.memory}
          error={errors["memory"]}
          onChange={(event) => set({ memory: event.target.value })}
        />
        <Field
          className="w-44"
          label="CPU limit"
          placeholder="0.5"
          autoComplete="off"
          value={form.cpus}
          error={errors["cpus"]}
          onChange={(event) => set({ cpus: event.target.value })}
        />
      </div>
      <Field
        label="Command"
        placeholder="the image's own"
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        value={form.command}
        error={errors["command"]}
        onChange={(event) => set({ command: event.target.value })}
      />
    </div>
  );
}

interface LinesProps {
  title: string;
  noun: string;
  hint: string;
  placeholder: string;
  rows: LineField[];
  error: string | undefined;
  onChange: (rows: LineField[]) => void;
}

function Lines({ placeholder, ...rows }: LinesProps) {
  return (
    <Rows {...rows} fresh={blankLine}>
      {(row, change, label) => (
        <input
          aria-label={label}
          placeholder={placeholder}
          spellCheck={false}
          autoCapitalize="none"
          value={row.value}
          onChange={(event) => change({ value: event.target.value })}
          className={clsx("field", code)}
        />
      )}
    </Rows>
  );
}
