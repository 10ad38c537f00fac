// Saves what is filtered as a CSV file, page by page from the newest on.
import { Download } from "lucide-react";
import { useState } from "react";
import { type AuditFilter, activity } from "@/api/activity";
import { asProblem } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { Button } from "@/components/Button";
import { toCsv } from "@/lib/audit";
import { plural } from "@/lib/format";
import { notify } from "@/lib/notices";

const PAGE = 1_000;
const MOST = 100_000;

async function everything({ before, ...filter }: AuditFilter): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let from = before;
  for (;;) {
    const { items } = await activity.audit({
      ...filter,
      ...(from !== undefined && { before: from }),
      limit: PAGE,
    });
    entries.push(...items);
    from = items.at(-1)?.id;
    if (items.length < PAGE || from === undefined || entries.length >= MOST) return entries;
  }
}

function save(text: string, name: string) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function ExportButton({ filter }: { filter: AuditFilter }) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const entries = await everything(filter);
      save(toCsv(entries), `activity-${new Date().toISOString().slice(0, 10)}.csv`);
      notify({ kind: "done", title: `${plural(entries.length, "entry", "entries")} saved` });
    } catch (error) {
      notify({ kind: "problem", title: "Nothing was saved", detail: asProblem(error).detail });
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button busy={busy} onClick={() => void run()}>
      <Download aria-hidden className="size-4" />
      Export CSV
    </Button>
  );
}
