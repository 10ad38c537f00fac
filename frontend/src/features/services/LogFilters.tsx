// Which lines of a log are wanted; the server looks for them, so that they are found beyond what is shown.
import { useMemo } from "react";
import type { ServiceDetail } from "@/api/types";
import { type LogRange, type LogSearch, logRanges } from "@/lib/logSearch";

export type LogChange = { [K in keyof LogSearch]?: LogSearch[K] | "" };

interface Props {
  service: ServiceDetail;
  search: LogSearch;
  onSearch: (change: LogChange) => void;
}

export const rangeWords: Record<LogRange, string> = {
  "5m": "Last 5 minutes",
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  all: "All there is",
};

const sorted = (names: Iterable<string>) =>
  [...new Set(names)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

export function LogFilters({ service, search, onSearch }: Props) {
  const { task, node, stream, range } = search;
  const tasks = useMemo(() => {
    const running = service.tasks.filter((each) => each.desired_state === "running");
    return sorted([...running.map(({ name }) => name), ...(task === undefined ? [] : [task])]);
  }, [service.tasks, task]);
  const nodes = useMemo(
    () =>
      sorted([...service.tasks.flatMap((each) => each.node ?? []), ...(node === undefined ? [] : [node])]),
    [service.tasks, node],
  );
  return (
    <>
      {tasks.length > 1 && (
        <Choice
          label="Task"
          all="All tasks"
          value={task}
          values={tasks.map((name) => [name, name])}
          onChoose={(to) => onSearch({ task: to })}
        />
      )}
      {nodes.length > 1 && (
        <Choice
          label="Node"
          all="All nodes"
          value={node}
          values={nodes.map((name) => [name, name])}
          onChoose={(to) => onSearch({ node: to })}
        />
      )}
      <Choice
        label="Stream"
        all="Both streams"
        value={stream}
        values={[
          ["stdout", "stdout"],
          ["stderr", "stderr"],
        ]}
        onChoose={(to) => onSearch({ stream: to as "stdout" | "stderr" | "" })}
      />
      <Choice
        label="Range"
        all="Newest lines"
        value={range}
        values={logRanges.map((each) => [each, rangeWords[each]])}
        onChoose={(to) => onSearch({ range: to as LogRange | "" })}
      />
    </>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string | undefined;
  values: readonly (readonly [value: string, word: string])[];
  onChoose: (value: string) => void;
}

function Choice({ label, all, value, values, onChoose }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChoose(event.target.value)}
      className="field w-auto max-w-44 py-1 text-sm max-sm:w-full max-sm:max-w-none max-sm:py-2"
    >
      <option value="">{all}</option>
      {values.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}
