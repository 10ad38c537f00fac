import { Link } from "@tanstack/react-router";
import { plural } from "@/lib/format";
import type { Waiting } from "@/lib/taskMap";
import { TaskSquare } from "./TaskSquare";

const MOST = 60;

/** Tasks that have no node, each service with what the scheduler says of it. */
export function WaitingLane({ waiting }: { waiting: readonly Waiting[] }) {
  if (waiting.length === 0) return null;
  const count = waiting.reduce((sum, { tasks }) => sum + tasks.length, 0);
  return (
    <section
      aria-label={`No node yet: ${plural(count, "task")}`}
      className="mb-4 rounded-lg border border-line-strong border-dashed bg-wait-soft/40 px-3.5 py-2.5"
    >
      <h2 className="font-semibold">
        No node yet <span className="num font-normal text-ink-3 text-sm">{plural(count, "task")}</span>
      </h2>
      <ul className="mt-1.5 flex flex-col gap-1.5">
        {waiting.map(({ service, tasks, reason }) => (
          <li key={service} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="flex flex-wrap gap-1">
              {tasks.slice(0, MOST).map((task) => (
                <TaskSquare key={task.id} task={task} alive node={null} />
              ))}
              {tasks.length > MOST && <span className="num text-ink-3 text-xs">+{tasks.length - MOST}</span>}
            </span>
            <Link
              to="/services/$name"
              params={{ name: service }}
              className="font-medium hover:text-accent hover:underline"
            >
              {service}
            </Link>
            <span className="min-w-0 text-ink-2 text-sm [overflow-wrap:anywhere]">
              {reason === "" ? "The scheduler has not looked at it yet." : reason}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
