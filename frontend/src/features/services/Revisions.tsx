// Every text the definition had, and the way back to one of them.
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Revision, Service } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { Source } from "@/components/Source";
import { ProblemNote, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useRevisions, useRevisionText } from "@/hooks/useApi";
import { useMay } from "@/hooks/usePermissions";
import { shortDigest } from "@/lib/format";
import { barred } from "@/lib/permissions";

const AT_FIRST = 10;

export function Revisions({ service, onRollback }: { service: Service; onRollback: (to: number) => void }) {
  const { data, error, refetch } = useRevisions(service.name);
  const [all, setAll] = useState(false);
  const items = data?.items ?? [];
  return (
    <Card title="Revisions" sub="every text this definition had, newest first">
      {data === undefined ? (
        error === null ? (
          <SkeletonRows rows={2} label="Loading revisions" />
        ) : (
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        )
      ) : (
        <ol>
          {(all ? items : items.slice(0, AT_FIRST)).map((revision) => (
            <Row key={revision.revision} service={service} revision={revision} onRollback={onRollback} />
          ))}
        </ol>
      )}
      {items.length > AT_FIRST && !all && (
        <div className="border-line border-t p-2 text-center">
          <Button look="quiet" size="sm" onClick={() => setAll(true)}>
            Show all {items.length}
          </Button>
        </div>
      )}
    </Card>
  );
}

interface RowProps {
  service: Service;
  revision: Revision;
  onRollback: (to: number) => void;
}

function Row({ service, revision, onRollback }: RowProps) {
  const [open, setOpen] = useState(false);
  const mayNot = useMay()("operate");
  const {
    revision: number,
    author,
    source,
    created_at: at,
    note,
    deleted,
    deployed,
    live,
    digest,
  } = revision;
  return (
    <li className="border-line border-b last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
        <span className="num font-medium">Revision {number}</span>
        {live ? (
          <Badge tone="ok" word="runs now" />
        ) : (
          deployed && <Badge tone="off" word="was deployed" title={digest ?? undefined} />
        )}
        <span className="min-w-0 text-ink-3 text-sm [overflow-wrap:anywhere]">
          {deleted ? "deleted" : source} by {author}, <RelativeTime at={at} className="num" />
          {note !== null && note !== "" && `, ${note}`}
          {digest !== null && (
            <span className="font-mono text-xs" title={digest}>
              {" "}
              {shortDigest(digest)}
            </span>
          )}
        </span>
        {!deleted && (
          <span className="ml-auto flex gap-1.5">
            <Button
              size="sm"
              look="quiet"
              aria-expanded={open}
              aria-label={`${open ? "Hide" : "View"} revision ${number}`}
              onClick={() => setOpen(!open)}
            >
              {open ? "Hide" : "View"}
            </Button>
            {deployed && service.live && number !== service.revision && (
              <Button size="sm" onClick={() => onRollback(number)} {...barred(mayNot)}>
                Roll back to this one
              </Button>
            )}
          </span>
        )}
      </div>
      {open && <Text name={service.name} revision={number} />}
    </li>
  );
}

function Text({ name, revision }: { name: string; revision: number }) {
  const { data, error } = useRevisionText(name, revision);
  if (error !== null)
    return (
      <div className="px-4 pb-3">
        <ProblemNote problem={asProblem(error)} />
      </div>
    );
  if (data === undefined) return <Skeleton className="mx-4 mb-3 h-16" />;
  return (
    <Source label={`Text of revision ${revision}`} className="mx-4 mb-3 max-h-80 rounded-lg bg-sunken">
      {data.text}
    </Source>
  );
}
