// Which lines of a log are wanted; the server looks for them, so that they are found beyond what is shown.
import type { RefObject } from "react";
import { useMemo } from "react";
import type { ServiceDetail } from "@/api/types";
import type { ServiceSearch } from "@/lib/search";

interface Props {
  service: ServiceDetail;
  search: ServiceSearch;
  box: RefObject<HTMLInputElement | null>;
  onSearch: (change: Partial<Record<"task" | "node" | "stream" | "q", string>>) => void;
}

const sorted = (names: Iterable<string>) =>
  [...new Set(names)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));

export function LogFilters({ service, search, box, onSearch }: Props) {
  const { task, node, stream, q = "" } = search;
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
      <input
        ref={box}
        type="search"
        aria-label="Filter lines"
        placeholder="Text, or /regex/"
        title="Lines with this text in any case, or /regex/ (/regex/i in any case)"
        spellCheck={false}
        autoCapitalize="none"
        maxLength={200}
        value={q}
        onChange={(event) => onSearch({ q: event.target.value })}
        onKeyDown={(event) => event.key === "Escape" && onSearch({ q: "" })}
        className="field w-full sm:w-56"
      />
      {tasks.length > 1 && (
        <Choice
          label="Task"
          all="All tasks"
          value={task}
          values={tasks}
          onChoose={(to) => onSearch({ task: to })}
        />
      )}
      {nodes.length > 1 && (
        <Choice
          label="Node"
          all="All nodes"
          value={node}
          values={nodes}
          onChoose={(to) => onSearch({ node: to })}
        />
      )}
      <Choice
        label="Stream"
        all="Both streams"
        value={stream}
        values={["stdout", "stderr"]}
        onChoose={(to) => onSearch({ stream: to })}
      />
    </>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string | undefined;
  values: readonly string[];
  onChoose: (value: string) => void;
}

function Choice({ label, all, value, values, onChoose }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChoose(event.target.value)}
      className="field w-auto max-w-44 py-1 text-sm"
    >
      <option value="">{all}</option>
      {values.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
