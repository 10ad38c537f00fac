import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Task } from "@/api/types";
import { RelativeTime } from "./RelativeTime";
import { TaskBadge } from "./StatusBadge";

const tracks = "@3xl:grid-cols-[minmax(11.5rem,1.2fr)_7rem_minmax(6rem,.9fr)_minmax(10rem,2fr)_5.5rem]";

/** Wanted tasks first, the newest change on top; ended ones below as history. */
export function sortTasks(tasks: readonly Task[]): Task[] {
  const ended = (task: Task) =>
    task.desired_state === "running" || task.desired_state === "complete" ? 0 : 1;
  return [...tasks].sort(
    (a, b) =>
      ended(a) - ended(b) ||
      (ended(a) === 0 ? (a.slot ?? 0) - (b.slot ?? 0) : 0) ||
      b.state_changed_at.localeCompare(a.state_changed_at),
  );
}

/** `by` names the column that tells the rows apart: on a service's page the node, on a node's page the service. */
export function TaskTable({ tasks, by }: { tasks: readonly Task[]; by: "node" | "service" }) {
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <div className="card @container overflow-hidden">
      <table className="block">
        <caption className="sr-only">Tasks</caption>
        <thead className="block @max-3xl:sr-only">
          <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
            {["Task", "State", by === "node" ? "Node" : "Service", "What it says", "Since"].map((word) => (
              <th key={word} scope="col" className={heading}>
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="block">
          {sortTasks(tasks).map((task) => (
            <TaskRow key={task.id} task={task} by={by} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const serviceOf = (task: Task) => task.name.replace(/\.[^.]*$/, "");

function TaskRow({ task, by }: { task: Task; by: "node" | "service" }) {
  const says = task.error !== "" ? task.error : task.message;
  return (
    <tr
      className={clsx(
        "grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-0.5 border-line border-b px-4 py-2 last:border-b-0 @3xl:min-h-[39px]",
        task.desired_state === "shutdown" && "text-ink-3",
        tracks,
      )}
    >
      <th scope="row" title={task.id} className="truncate text-left font-medium font-mono text-[12.5px]">
        {task.name}
      </th>
      <td className="flex">
        <TaskBadge state={task.state} />
      </td>
      <td className="truncate text-ink-2 text-sm">
        {by === "service" ? (
          <Link
            to="/services/$name"
            params={{ name: serviceOf(task) }}
            className="hover:text-accent hover:underline"
          >
            {serviceOf(task)}
          </Link>
        ) : task.node === null ? (
          "no node yet"
        ) : (
          <>
            {task.node}
            {task.node_live === false && <span className="text-bad-ink"> (does not answer)</span>}
          </>
        )}
      </td>
      <td className="min-w-0 text-ink-2 text-sm [overflow-wrap:anywhere] @max-3xl:order-last @max-3xl:col-span-full">
        <span className={clsx(task.error !== "" && "text-bad-ink")}>{says}</span>
        {task.exit_code !== null && task.exit_code !== 0 && (
          <span className="num text-bad-ink"> · exit code {task.exit_code}</span>
        )}
        {!task.up_to_date && task.desired_state === "running" && <span> · older specification</span>}
      </td>
      <td>
        <RelativeTime at={task.state_changed_at} className="num whitespace-nowrap text-ink-2 text-sm" />
      </td>
    </tr>
  );
}
