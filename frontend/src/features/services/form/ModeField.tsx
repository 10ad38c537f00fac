// How many tasks, and whether they end: the mode with the numbers that belong to it.
import { clsx } from "clsx";
import { shown, valueAt, withValue } from "@/lib/definitionValue";
import { useForm } from "./FormContext";
import { TextField } from "./PlainFields";

const modes = [
  ["replicated", "Replicated"],
  ["global", "Global"],
  ["replicated-job", "Job"],
  ["global-job", "Global job"],
] as const;

export function ModeField() {
  const { data, change, reasonAt } = useForm();
  const mode = shown(valueAt(data, ["mode"])) || "replicated";
  const choose = (next: string) => {
    let wanted = withValue(data, ["mode"], next === "replicated" ? undefined : next);
    // Numbers that the other mode refuses go with it.
    if (next.startsWith("global")) wanted = withValue(wanted, ["replicas"], undefined);
    if (next !== "replicated-job") wanted = withValue(wanted, ["max_concurrent"], undefined);
    change(wanted);
  };
  const reason = reasonAt(["mode"]);
  return (
    <div className="flex flex-wrap items-start gap-x-6 gap-y-4">
      <fieldset className="min-w-0">
        <legend className="mb-1 font-medium">Mode</legend>
        <div className="flex overflow-hidden rounded-md border border-line-strong">
          {modes.map(([value, word]) => (
            <label
              key={value}
              className={clsx(
                "cursor-pointer border-line-strong border-r px-3 py-1.5 font-[550] last:border-r-0 max-sm:px-2.5",
                "has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:-outline-offset-2",
                mode === value ? "bg-accent-soft text-accent" : "bg-surface text-ink-2 hover:text-ink",
              )}
            >
              <input
                type="radio"
                name="mode"
                className="sr-only"
                checked={mode === value}
                onChange={() => choose(value)}
              />
              {word}
            </label>
          ))}
        </div>
        {reason !== undefined && <p className="mt-1 text-bad-ink text-sm">{reason}</p>}
      </fieldset>
      {mode.startsWith("global") ? (
        <p className="self-end pb-2 text-ink-3 text-sm">
          Once on every node that fits{mode === "global-job" && ", until it is done"}.
        </p>
      ) : (
        <TextField
          className="w-32"
          path={["replicas"]}
          kind="number"
          label={mode === "replicated-job" ? "To complete" : "Replicas"}
          placeholder="1"
        />
      )}
      {mode === "replicated-job" && (
        <TextField
          className="w-32"
          path={["max_concurrent"]}
          kind="number"
          label="At a time"
          placeholder="all"
        />
      )}
    </div>
  );
}
