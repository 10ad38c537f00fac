// Slot by slot: the task that was there, the one that takes its place, and what holds it up.
import { clsx } from "clsx";
import { ArrowRight } from "lucide-react";
import { useState } from "react";
import type { Deployment, Task } from "@/api/types";
import { Button } from "@/components/Button";
import { RelativeTime } from "@/components/RelativeTime";
import { Badge } from "@/components/StatusBadge";
import { plural } from "@/lib/format";
import type { Rollout, RolloutSlot } from "@/lib/rollout";
import { taskMeaning } from "@/lib/status";

const AT_FIRST = 50;
const tracks = "@3xl:grid-cols-[4.5rem_minmax(9rem,1fr)_1.25rem_minmax(9rem,1fr)_10rem_minmax(10rem,1.6fr)]";

function OneTask({ task, none }: { task: Task | null; none: string }) {
  if (task === null) return <span className="text-ink-3 text-sm">{none}</span>;
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-x-2">
      <span title={task.id} className="font-mono text-[12.5px]">
        {task.id.slice(0, 8)}
      </span>
      <span className="truncate text-ink-2 text-sm">
        {task.node ?? "no node yet"}, {taskMeaning(task.state).word}
      </span>
    </span>
  );
}

function Row({ slot, global }: { slot: RolloutSlot; global: boolean }) {
  return (
    <tr
      className={clsx(
        "grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 gap-y-0.5 border-line border-b px-4 py-2 last:border-b-0 @3xl:min-h-[39px]",
        tracks,
      )}
    >
      <th scope="row" className="num truncate text-left font-semibold">
        {global ? slot.label : `Slot ${slot.label}`}
      </th>
      <td className="min-w-0 @max-3xl:col-start-2 @max-3xl:row-start-2">
        <OneTask task={slot.old} none="none before" />
      </td>
      <td aria-hidden className="text-ink-3 @max-3xl:hidden">
        <ArrowRight className="size-3.5" />
      </td>
      <td className="flex min-w-0 items-center gap-1 @max-3xl:col-start-2 @max-3xl:row-start-3">
        <ArrowRight aria-hidden className="size-3 shrink-0 text-ink-3 @3xl:hidden" />
        <OneTask
          task={slot.now}
          none={slot.word === "stays" ? "the same goes on" : slot.counts ? "not yet" : "none"}
        />
      </td>
      <td className="flex @max-3xl:col-start-2 @max-3xl:row-start-1">
        <Badge
          tone={slot.tone}
          word={slot.word}
          reason={slot.failures > 0 && !slot.done ? `failed ${slot.failures} ×` : undefined}
        />
      </td>
      <td className="min-w-0 text-sm [overflow-wrap:anywhere] @max-3xl:col-start-2">
        {slot.error !== null ? (
          <span className="text-bad-ink">{slot.error}</span>
        ) : (
          slot.now !== null && (
            <span className="text-ink-3">
              {slot.failures > 0 ? `none after ${plural(slot.failures, "failure")}` : "none"}, since{" "}
              <RelativeTime at={slot.now.state_changed_at} className="num" />
            </span>
          )
        )}
      </td>
    </tr>
  );
}

/** What is not done stands first where there are too many to see at once. */
export function SlotTable({ rollout, deployment }: { rollout: Rollout; deployment: Deployment }) {
  const [all, setAll] = useState(false);
  const { slots } = rollout;
  const global = slots.some(({ label }) => !/^\d+$/.test(label));
  const shown =
    all || slots.length <= AT_FIRST
      ? slots
      : [...slots].sort((a, b) => Number(a.done) - Number(b.done)).slice(0, AT_FIRST);
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <div className="@container">
      <table className="block">
        <caption className="sr-only">Slots of the {deployment.kind}</caption>
        <thead className="block @max-3xl:sr-only">
          <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
            {[global ? "Node" : "Slot", "Old task", "", "New task", "State", "Last error"].map((word) => (
              <th key={word} scope="col" className={heading}>
                {word === "" ? <span className="sr-only">becomes</span> : word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="block">
          {shown.map((slot) => (
            <Row key={slot.key} slot={slot} global={global} />
          ))}
        </tbody>
      </table>
      {shown.length < slots.length && (
        <div className="border-line border-t p-2 text-center">
          <Button look="quiet" size="sm" onClick={() => setAll(true)}>
            Show all {slots.length.toLocaleString("en")} slots
          </Button>
        </div>
      )}
    </div>
  );
}
