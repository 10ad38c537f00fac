// Backups of definitions and database: what there is, one more now; and the copy in the swarm.
import { Archive, Download } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Backup, StateHealth } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { ProblemNote, ProblemState, SkeletonRows } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useHealth } from "@/hooks/useApi";
import { useBackups, useMakeBackup } from "@/hooks/useBackups";
import { useMay } from "@/hooks/usePermissions";
import { bytes, plural } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";

const DeleteBackupDialog = later(() => import("./DeleteBackupDialog"));

const reasons: Record<string, string> = {
  manual: "by hand",
  scheduled: "by itself",
  "before-upgrade": "before an upgrade",
  "before-restore": "before a restore",
};

export function Backups() {
  const { data, error, refetch } = useBackups();
  const { data: report } = useHealth();
  const make = useMakeBackup();
  const [deleting, setDeleting] = useState<Backup | null>(null);
  const mayNot = useMay()("admin");
  return (
    <Card
      title="Backups"
      sub="definitions and database, in one file each"
      aside={
        <Button size="sm" busy={make.isPending} onClick={() => make.mutate()} {...barred(mayNot)}>
          <Archive aria-hidden className="size-3.5" />
          Back up now
        </Button>
      }
    >
      {make.error !== null && (
        <div className="px-4 pt-3">
          <ProblemNote problem={asProblem(make.error)} />
        </div>
      )}
      {data === undefined ? (
        error === null ? (
          <SkeletonRows rows={2} label="Loading backups" />
        ) : (
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <p className="px-4 py-5 text-ink-3">There is none yet. The first is made a minute after the start.</p>
      ) : (
        <ul aria-label="Backups">
          {data.items.map((one) => (
            <Row key={one.name} backup={one} mayNot={mayNot} onDelete={() => setDeleting(one)} />
          ))}
        </ul>
      )}
      {report !== undefined && <Copy state={report.state} />}
      <Suspense>
        {deleting !== null && <DeleteBackupDialog backup={deleting} onClose={() => setDeleting(null)} />}
      </Suspense>
    </Card>
  );
}

function Row({ backup, mayNot, onDelete }: { backup: Backup; mayNot: string | null; onDelete: () => void }) {
  return (
    <li className="flex items-center gap-3 border-line border-b px-4 py-2.5">
      <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        <b className="font-semibold">
          <RelativeTime at={backup.created_at} />
        </b>
        <span className="text-ink-2">{reasons[backup.reason] ?? backup.reason}</span>
        <span className="num text-ink-3 text-sm">
          {bytes(backup.bytes)}, {plural(backup.definitions, "definition")}
        </span>
        {typeof backup.problem === "string" && <Badge tone="bad" word="damaged" title={backup.problem} />}
      </span>
      <span className="ml-auto flex shrink-0 gap-2">
        {mayNot === null && (
          <a
            href={`/api/backups/${backup.name}`}
            download={backup.name}
            className={buttonClass("plain", "sm")}
            aria-label={`Download ${backup.name}`}
          >
            <Download aria-hidden className="size-3.5" />
            Download
          </a>
        )}
        <Button size="sm" aria-label={`Delete ${backup.name}`} onClick={onDelete} {...barred(mayNot)}>
          Delete
        </Button>
      </span>
    </li>
  );
}

/** What the swarm itself holds, for the day the machine is lost. */
function Copy({ state }: { state: StateHealth }) {
  const { replication: copy, backup_problem: problem } = state;
  const waiting = copy.unreplicated_revisions ?? 0;
  return (
    <div className="flex flex-col gap-1 px-4 py-3 text-ink-2 text-sm">
      {problem !== null && (
        <p className="text-bad-ink">The backup that is due could not be made: {problem}</p>
      )}
      {!copy.enabled ? (
        <p>
          No copy in the swarm: a lost machine takes what is newer than your last backup along. Set
          ORCHESTRATOR_STATE_KEY_FILE to have one.
        </p>
      ) : (
        <p>
          {copy.copied_at == null ? (
            "No copy in the swarm yet."
          ) : (
            <>
              Copy {copy.sequence} in the swarm, <RelativeTime at={copy.copied_at} />,{" "}
              {bytes(copy.bytes ?? 0)}
              {copy.note == null ? "." : `; ${copy.note}.`}
            </>
          )}
          {waiting > 0 && ` ${plural(waiting, "revision")} not in it yet.`}
        </p>
      )}
      {copy.problem != null && <p className="text-bad-ink">The last try failed: {copy.problem}</p>}
    </div>
  );
}
