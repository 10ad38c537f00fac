// Rolls back in place: names what it brings back and which tasks end for it.
import { asProblem } from "@/api/problem";
import type { Revision, Service } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { RelativeTime } from "@/components/RelativeTime";
import { ProblemNote, Skeleton } from "@/components/States";
import { useRevisionText, useRollback } from "@/hooks/useApi";
import { plural, shortDigest } from "@/lib/format";
import { changedLines } from "@/lib/lineDiff";

interface Props {
  service: Service;
  to: Revision;
  onClose: () => void;
}

export default function RollbackDialog({ service, to, onClose }: Props) {
  const rollback = useRollback(service.name);
  const hosts = service.nodes.map(({ hostname }) => hostname);
  return (
    <ConfirmDialog
      title={`Roll back ${service.name}?`}
      confirm={`Roll back to revision ${to.revision}`}
      busy={rollback.isPending}
      onConfirm={() => rollback.mutate(to.revision, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        Brings back <b className="font-semibold text-ink">revision {to.revision}</b>, written by {to.author}{" "}
        <RelativeTime at={to.created_at} />
        {to.digest !== null && (
          <>
            , with the image it ran with then (
            <span title={to.digest} className="font-mono text-[12.5px]">
              {shortDigest(to.digest)}
            </span>
            )
          </>
        )}
        . It becomes the newest revision, so the next deploy keeps it.
      </p>
      {service.revision !== null && service.revision !== to.revision && (
        <Lines name={service.name} from={service.deployed_revision ?? service.revision} to={to.revision} />
      )}
      <p>
        {to.live ? (
          "The swarm runs it already, so no task is replaced."
        ) : service.running === 0 ? (
          "No task of it runs now."
        ) : (
          <>
            <b className="font-semibold text-ink">{plural(service.running, "running task")}</b>
            {hosts.length > 0 && ` on ${hosts.slice(0, 4).join(", ")}${hosts.length > 4 ? ", …" : ""}`}{" "}
            {service.running === 1 ? "ends and is" : "end and are"} replaced, as its update settings say.
          </>
        )}
      </p>
      {rollback.error !== null && <ProblemNote problem={asProblem(rollback.error)} />}
    </ConfirmDialog>
  );
}

function Lines({ name, from, to }: { name: string; from: number; to: number }) {
  const old = useRevisionText(name, from);
  const next = useRevisionText(name, to);
  if (old.error !== null || next.error !== null) return null;
  if (old.data === undefined || next.data === undefined) return <Skeleton className="h-16" />;
  const lines = changedLines(old.data.text, next.data.text);
  if (lines.length === 0) return <p className="text-sm">The definition reads the same.</p>;
  return (
    <section
      aria-label="What changes in the definition"
      className="max-h-48 overflow-auto rounded-lg border border-line bg-sunken py-1 font-mono text-xs"
    >
      {lines.map(({ key, sign, text }) => (
        <div
          key={key}
          className={`whitespace-pre px-3 ${sign === "+" ? "bg-ok-soft text-ok-ink" : "bg-bad-soft text-bad-ink"}`}
        >
          {sign} {text}
        </div>
      ))}
    </section>
  );
}
