// What can be done with one line: copy it, link to it, see it among its neighbours.
import { Link } from "@tanstack/react-router";
import { Check, Copy, Link2, ListTree } from "lucide-react";
import type { ReactNode } from "react";
import { useCopy } from "@/components/CopyButton";
import { lineAddress } from "@/lib/logSearch";
import type { LogRow } from "@/lib/logStore";
import { isoTime } from "@/lib/logTime";

type Line = LogRow & { kind: "line" };
const tool = "grid size-6 place-items-center rounded text-[#c3ccd5] hover:bg-white/15 hover:text-white";

export const lineLink = (service: string, row: Line) =>
  `${globalThis.location.origin}${lineAddress(service, row.time, row.taskId)}`;

export function LineTools({ row, service, filtered }: { row: Line; service: string; filtered: boolean }) {
  return (
    <div className="absolute top-0 right-2 z-10 flex rounded-md border border-white/15 bg-[#1a1f24] shadow-lg">
      <Tool label="Copy line" text={() => row.text} icon={<Copy className="size-3.5" />} />
      <Tool
        label="Copy link to this line"
        text={() => lineLink(service, row)}
        icon={<Link2 className="size-3.5" />}
      />
      {filtered && (
        <Link
          to="/services/$name"
          params={{ name: service }}
          search={{ tab: "logs", at: isoTime(row.time), of: row.taskId }}
          aria-label="See in context"
          title="See in context"
          className={tool}
        >
          <ListTree className="size-3.5" />
        </Link>
      )}
    </div>
  );
}

function Tool({ label, text, icon }: { label: string; text: () => string; icon: ReactNode }) {
  const [copied, copy] = useCopy();
  return (
    <button
      type="button"
      aria-label={copied ? "Copied" : label}
      title={copied ? "Copied" : label}
      onClick={() => copy(text())}
      className={tool}
    >
      {copied ? <Check className="size-3.5 text-[#5ccfa0]" /> : icon}
    </button>
  );
}
