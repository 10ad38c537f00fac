import { memo } from "react";
import type { MapTask } from "@/api/nodes";
import { squareMeaning } from "@/lib/taskMap";
import "@/components/taskSquare.css";

export const addressOf = (task: Pick<MapTask, "service">) =>
  `/services/${encodeURIComponent(task.service)}?tab=tasks`;

/** A plain link: a thousand of them have no listeners of their own, the map listens for all. */
export const TaskSquare = memo(function TaskSquare({
  task,
  alive,
  node,
}: {
  task: MapTask;
  alive: boolean;
  node: string | null;
}) {
  const { tone, word } = squareMeaning(task, alive);
  const place = node === null ? "no node" : node;
  return (
    // biome-ignore lint/a11y/useAnchorContent: its label says all there is
    <a
      href={addressOf(task)}
      className="task"
      data-task={task.id}
      data-tone={tone}
      tabIndex={-1}
      aria-label={`${task.name}, ${word}, ${place}${task.error === "" ? "" : `: ${task.error}`}`}
    />
  );
});
