// The audit as rows: when, who, what, to what, how it ended, from where.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Bot, Cog, User } from "lucide-react";
import type { AuditEntry } from "@/api/types";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { Badge } from "@/components/StatusBadge";
import { useNodes } from "@/hooks/useApi";
import { plainly } from "@/lib/approvals";
import { actionWords, isToolCall, outcomeMeaning, placeOf } from "@/lib/audit";

const tracks = "@3xl:grid-cols-[6rem_minmax(8rem,1fr)_minmax(16rem,2.4fr)_6.5rem_minmax(7rem,.8fr)]";
const kinds = { user: [User, "Person"], token: [Bot, "Token"], system: [Cog, "The server itself"] } as const;

function Target({ entry }: { entry: AuditEntry }) {
  const { data: nodes } = useNodes();
  const place = placeOf(entry);
  // The audit keeps ids, as a node's name may change hands.
  const node = entry.action.startsWith("node.")
    ? nodes?.items.find(({ id }) => id === entry.target)
    : undefined;
  if (entry.target === "" || (entry.action === "sign_out" && entry.target === entry.actor)) return null;
  const shown = (
    <span
      title={node === undefined ? undefined : entry.target}
      className="font-semibold text-ink [overflow-wrap:anywhere]"
    >
      {node?.hostname ?? entry.target}
    </span>
  );
  if (place === null) return shown;
  return (
    <Link {...place} className="decoration-line-strong underline-offset-2 hover:text-accent hover:underline">
      {shown}
    </Link>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const [Icon, kind] = kinds[entry.actor_kind];
  return (
    <tr
      className={clsx(
        "grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-3 gap-y-0.5 border-line border-b px-4 py-2 last:border-b-0 @3xl:min-h-[39px]",
        tracks,
      )}
    >
      <td className="pt-px text-ink-3 text-sm @max-3xl:order-2 @max-3xl:text-right">
        <RelativeTime at={entry.at} className="num whitespace-nowrap" />
      </td>
      <td className="flex min-w-0 items-center gap-1.5 @max-3xl:order-1">
        <Icon aria-hidden className="size-3.5 shrink-0 text-ink-3" />
        <span className="sr-only">{kind}</span>
        <span className="min-w-0">
          <span className="block truncate font-medium">{entry.actor}</span>
          {entry.client !== "" && (
            <span
              title="The program it spoke through, in its own words"
              className="block truncate text-ink-3 text-xs"
            >
              through <bdi>{plainly(entry.client)}</bdi>
            </span>
          )}
        </span>
      </td>
      <td className="min-w-0 @max-3xl:order-3">
        <span title={entry.action} className="text-ink-2">
          {actionWords(entry.action)}
        </span>{" "}
        <Target entry={entry} />
        {entry.detail !== "" && (
          <p
            className={clsx(
              "text-sm [overflow-wrap:anywhere]",
              entry.outcome === "done" || isToolCall(entry.action)
                ? "text-ink-3"
                : // Nothing went wrong: it waits.
                  entry.code === "approval_required"
                  ? "text-wait-ink"
                  : "text-bad-ink",
              isToolCall(entry.action) && "font-mono text-[12.5px]",
            )}
          >
            {isToolCall(entry.action) ? <bdi>{plainly(entry.detail)}</bdi> : <Said>{entry.detail}</Said>}
          </p>
        )}
      </td>
      <td className="flex @max-3xl:order-4 @max-3xl:justify-end">
        <Badge {...outcomeMeaning[entry.outcome]} title={entry.code === "" ? undefined : entry.code} />
      </td>
      <td className="num truncate text-ink-3 text-sm @max-3xl:hidden">{entry.address ?? "–"}</td>
    </tr>
  );
}

export function AuditTable({ entries }: { entries: readonly AuditEntry[] }) {
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <table className="block">
      <caption className="sr-only">Activity</caption>
      <thead className="block @max-3xl:sr-only">
        <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
          {["When", "Who", "What", "Outcome", "From"].map((word) => (
            <th key={word} scope="col" className={heading}>
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="block">
        {entries.map((entry) => (
          <Row key={entry.id} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}
