// Someone saved another text meanwhile: what differs, and three ways on.
import { GitMerge } from "lucide-react";
import { Suspense, useMemo } from "react";
import { Button } from "@/components/Button";
import { Skeleton } from "@/components/States";
import { later } from "@/lib/later";
import { mergeTexts } from "@/lib/mergeTexts";
import { barred } from "@/lib/permissions";

const DiffView = later(() => import("@/components/editor/DiffView"));

interface Props {
  revision: number | null;
  base: string;
  mine: string;
  theirs: string;
  busy: boolean;
  mayNotSave: string | null;
  onTheirs: () => void;
  onMerged: (text: string) => void;
  onOverwrite: () => void;
}

export function Conflict({
  revision,
  base,
  mine,
  theirs,
  busy,
  mayNotSave,
  onTheirs,
  onMerged,
  onOverwrite,
}: Props) {
  const merged = useMemo(() => mergeTexts(base, mine, theirs), [base, mine, theirs]);
  return (
    <section aria-label="Changed meanwhile" role="alert" className="card flex flex-col gap-3 border-warn p-4">
      <p>
        <b className="font-semibold">Someone saved revision {revision} meanwhile.</b> Yours began from an
        older one. Red is what the file says now, green what yours would make of it:
      </p>
      <div className="max-h-80 overflow-auto rounded-lg border border-line">
        <Suspense fallback={<Skeleton className="h-32" />}>
          <DiffView label={`Revision ${revision} and yours`} before={theirs} after={mine} />
        </Suspense>
      </div>
      <p className="text-ink-2 text-sm">
        {merged.conflicts === 0
          ? "The changes are in different places, so both can be kept."
          : merged.conflicts === 1
            ? "At one place both changed the same lines; there the merged text has yours."
            : `At ${merged.conflicts} places both changed the same lines; there the merged text has yours.`}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" onClick={() => onMerged(merged.text)}>
          <GitMerge aria-hidden className="size-3.5" />
          Merge both
        </Button>
        <Button onClick={onTheirs}>Take theirs</Button>
        <Button busy={busy} onClick={onOverwrite} {...barred(mayNotSave)}>
          Save mine over revision {revision}
        </Button>
      </div>
    </section>
  );
}
