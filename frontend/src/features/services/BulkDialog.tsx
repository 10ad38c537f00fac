// Before many services are changed at once: which, what that ends, and which of them cannot.
import { clsx } from "clsx";
import { useState } from "react";
import type { Service } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { DockerCommand } from "@/components/DockerCommand";
import { Field } from "@/components/Field";
import { useBulk } from "@/hooks/useBulk";
import { useWhyNot } from "@/hooks/usePermissions";
import type { BulkAct } from "@/lib/bulkRuns";
import { some, tasksThatEnd, whatGoesAway, whileRestarting } from "@/lib/consequences";
import { deployCommand, restartCommand, scaleCommand, stopCommand } from "@/lib/dockerCommands";
import { plural } from "@/lib/format";

const verbs: Record<BulkAct, string> = {
  deploy: "Deploy",
  stop: "Stop",
  restart: "Restart",
  scale: "Scale",
  delete: "Delete",
};

interface Props {
  act: BulkAct;
  services: Service[];
  everything: readonly Service[];
  onStarted: () => void;
  onClose: () => void;
}

export default function BulkDialog({ act, services, everything, onStarted, onClose }: Props) {
  const start = useBulk();
  const [text, setText] = useState(() => String(services[0]?.desired ?? 1));
  const whyNot = useWhyNot();
  const refused = services.flatMap((service) => {
    const why = whyNot(service, act);
    return why === null ? [] : [{ name: service.name, why }];
  });
  const able = services.filter(({ name }) => refused.every((each) => each.name !== name));
  const replicas = /^\d{1,5}$/.test(text.trim()) ? Number(text) : null;
  const names = able.map(({ name }) => name);
  const go = () => {
    void start({ act, services: names, replicas: act === "scale" ? replicas : null });
    onStarted();
    onClose();
  };
  const asks = act === "scale" ? "" : "?";
  return (
    <ConfirmDialog
      title={
        act === "delete"
          ? `Delete ${plural(able.length, "definition")}?`
          : `${verbs[act]} ${plural(able.length, "service")}${asks}`
      }
      confirm={act === "delete" ? "Delete from the catalog" : `${verbs[act]} ${able.length}`}
      danger={act === "delete"}
      disabled={able.length === 0 || (act === "scale" && replicas === null)}
      onConfirm={go}
      onClose={onClose}
    >
      {able.length > 0 && <Names names={names} />}
      {act === "scale" && (
        <Field
          label="Replicas of each"
          autoFocus
          inputMode="numeric"
          autoComplete="off"
          value={text}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || replicas === null || able.length === 0) return;
            event.preventDefault();
            go();
          }}
          error={replicas === null ? "A whole number, 0 or more." : undefined}
          className="max-w-40 text-ink"
        />
      )}
      <Effects act={act} services={able} everything={everything} replicas={replicas} />
      {refused.length > 0 && <LeftOut refused={refused} />}
      {able.length > 0 && act !== "delete" && (
        <DockerCommand
          {...(act === "deploy" && { note: "As far as the list knows them: a definition says more." })}
        >
          {act === "deploy"
            ? deployCommand(able)
            : act === "stop"
              ? stopCommand(able)
              : act === "restart"
                ? restartCommand(able)
                : scaleCommand(able, replicas ?? 1)}
        </DockerCommand>
      )}
    </ConfirmDialog>
  );
}

function Names({ names }: { names: string[] }) {
  return (
    <ul aria-label="Services" className="flex max-h-28 flex-wrap gap-1 overflow-y-auto">
      {names.slice(0, 60).map((name) => (
        <li key={name} className="rounded bg-sunken px-1.5 font-mono text-ink text-xs leading-5">
          {name}
        </li>
      ))}
      {names.length > 60 && <li className="text-sm leading-5">and {names.length - 60} more</li>}
    </ul>
  );
}

interface EffectProps {
  act: BulkAct;
  services: readonly Service[];
  everything: readonly Service[];
  replicas: number | null;
}

function Effects(props: EffectProps) {
  const lines = effects(props);
  if (lines.length === 0) return null;
  return (
    <ul className={clsx("flex flex-col gap-1", lines.length > 1 && "list-disc pl-4")}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function effects({ act, services, everything, replicas }: EffectProps): string[] {
  if (services.length === 0) return [];
  const live = services.filter((service) => service.live);
  switch (act) {
    case "deploy": {
      const fresh = services.length - live.length;
      const behind = live.filter(({ drift, revision, deployed_revision: ran }) => drift || revision !== ran);
      return [
        ...(fresh > 0
          ? [
              `${plural(fresh, "service")} ${fresh === 1 ? "is" : "are"} not in the swarm and will be created.`,
            ]
          : []),
        ...(behind.length > 0
          ? [
              `${some(behind.map(({ name }) => name))} ${behind.length === 1 ? "runs" : "run"} something else than the newest revision and will be updated.`,
            ]
          : []),
        ...(live.length > behind.length
          ? ["Where nothing changed, no task restarts, unless its tag has a newer image."]
          : []),
      ];
    }
    case "stop":
      return [
        tasksThatEnd(services),
        ...whatGoesAway(services, everything),
        "The definitions stay in the catalog; Deploy brings them back.",
      ];
    case "restart":
      return [
        `${tasksThatEnd(services).replace("end.", "are replaced, a few at a time.").replace("ends.", "is replaced.")}`,
        ...whileRestarting(services),
      ];
    case "scale": {
      if (replicas === null) return [];
      const before = services.reduce((sum, service) => sum + service.desired, 0);
      const ending = services.reduce((sum, service) => sum + Math.max(0, service.running - replicas), 0);
      return [
        `${plural(before, "task")} wanted now, ${replicas * services.length} then.`,
        ...(ending > 0 ? [`${plural(ending, "running task")} ${ending === 1 ? "ends" : "end"}.`] : []),
        "The number is written to the definitions too.",
      ];
    }
    case "delete":
      return [
        "Earlier revisions stay in the database.",
        ...(live.length > 0
          ? [
              `${some(live.map(({ name }) => name))} ${live.length === 1 ? "runs" : "run"} on with ${plural(
                live.reduce((sum, service) => sum + service.running, 0),
                "task",
              )} and can then no longer be changed from here. To end them too, stop them first.`,
            ]
          : []),
      ];
  }
}

function LeftOut({ refused }: { refused: { name: string; why: string }[] }) {
  const reasons = new Map<string, string[]>();
  for (const { name, why } of refused) reasons.set(why, [...(reasons.get(why) ?? []), name]);
  return (
    <div className="rounded-lg bg-wait-soft px-3 py-2 text-sm text-wait-ink">
      <p className="font-medium">{plural(refused.length, "service")} left out</p>
      {[...reasons].map(([why, names]) => (
        <p key={why}>
          {some(names)}: {why}
        </p>
      ))}
    </div>
  );
}
