// What a square is, beside the square one points at.
import { useLayoutEffect, useRef, useState } from "react";
import type { MapTask } from "@/api/nodes";
import type { Node } from "@/api/types";
import { RelativeTime } from "@/components/RelativeTime";
import { Badge } from "@/components/StatusBadge";
import { imageParts } from "@/lib/format";
import { isAlive, squareMeaning } from "@/lib/taskMap";

const GAP = 8;

export function TaskCard({ task, node, at }: { task: MapTask; node: Node | undefined; at: DOMRect }) {
  const card = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);
  useLayoutEffect(() => {
    const box = card.current?.getBoundingClientRect();
    if (box === undefined) return;
    const left = Math.min(Math.max(GAP, at.left), innerWidth - box.width - GAP);
    const below = at.bottom + GAP;
    setPlace({ left, top: below + box.height > innerHeight - GAP ? at.top - box.height - GAP : below });
  }, [at]);
  const meaning = squareMeaning(task, node === undefined || isAlive(node));
  const { repository, tag } = imageParts(task.image);
  return (
    // The square's own name says the same to those who do not see the card.
    <div
      ref={card}
      aria-hidden
      style={place ?? { left: 0, top: 0, visibility: "hidden" }}
      className="pointer-events-none fixed z-30 flex w-max max-w-[min(22rem,calc(100vw-1rem))] flex-col gap-1 rounded-lg border border-line bg-raised px-3 py-2.5 text-sm shadow-xl"
    >
      <div className="flex items-center gap-2.5">
        <b className="min-w-0 truncate font-mono text-[12.5px]">{task.name}</b>
        <Badge {...meaning} />
      </div>
      {task.error !== "" && (
        <p className="text-bad-ink [overflow-wrap:anywhere]">
          {task.error}
          {task.exit_code !== null && task.exit_code !== 0 && !task.error.includes("exit") && (
            <span className="num"> (exit code {task.exit_code})</span>
          )}
        </p>
      )}
      <p className="truncate font-mono text-[12px] text-ink-2">
        {repository}
        {tag !== null && `:${tag}`}
      </p>
      <p className="num text-ink-3">
        {node === undefined ? "no node yet" : `on ${node.hostname}`} · {task.state}{" "}
        <RelativeTime at={task.state_changed_at} />
      </p>
    </div>
  );
}
