import { clsx } from "clsx";
import type { Node, Service } from "@/api/types";
import { FilterBox } from "@/components/FilterBox";
import { type MapSearch, type MapState, mapStates } from "@/lib/mapSearch";
import { labelChoices } from "@/lib/taskMap";

interface Props {
  search: MapSearch;
  onSearch: (search: MapSearch) => void;
  nodes: readonly Node[];
  services: readonly Service[];
  counts: Readonly<Record<MapState, number>>;
  /** What is shown, in words. */
  said: string;
}

export function MapFilters({ search, onSearch, nodes, services, counts, said }: Props) {
  const { keys, pairs } = labelChoices(nodes);
  const stacks = [...new Set(services.flatMap(({ stack }) => stack ?? []))].sort();
  const set = (key: keyof MapSearch, value: string) => {
    const { [key]: _before, ...rest } = search;
    onSearch((value === "" ? rest : { ...rest, [key]: value }) as MapSearch);
  };
  return (
    <div className="mb-3 flex flex-wrap items-center gap-x-3 gap-y-2.5">
      <FilterBox
        label="Filter tasks"
        placeholder="Service, task, image or node"
        value={search.q ?? ""}
        onChange={(value) => set("q", value)}
      />
      <fieldset className="flex min-w-0 gap-1.5 overflow-x-auto py-0.5 max-sm:-mx-4 max-sm:px-4">
        <legend className="sr-only">State</legend>
        {(Object.keys(mapStates) as MapState[]).map((state) => (
          <button
            key={state}
            type="button"
            aria-pressed={search.state === state}
            onClick={() => set("state", search.state === state ? "" : state)}
            className={clsx(
              "num flex items-center gap-1.5 whitespace-nowrap rounded-full border px-2.5 py-1 font-[550] text-sm transition-colors",
              search.state === state
                ? "border-accent bg-accent-soft text-accent"
                : "border-line-strong bg-surface text-ink-2 hover:border-ink-3 hover:text-ink",
            )}
          >
            <span aria-hidden className="task [--square:11px]" data-tone={mapStates[state]} />
            {state} {counts[state]}
          </button>
        ))}
      </fieldset>
      <div className="flex w-full flex-wrap items-center gap-x-3 gap-y-2">
        <p role="status" className="num min-h-5 text-ink-3 text-sm max-sm:w-full sm:flex-1">
          {said}
        </p>
        <div className="flex gap-2 max-sm:w-full">
          {stacks.length > 0 && (
            <Choice
              label="Stack"
              all="All stacks"
              value={search.stack}
              values={stacks}
              onChange={(value) => set("stack", value)}
            />
          )}
          {pairs.length > 0 && (
            <Choice
              label="Node label"
              all="All nodes"
              value={search.label}
              values={pairs}
              onChange={(value) => set("label", value)}
            />
          )}
          <Choice
            label="Group"
            all="Not grouped"
            value={search.group}
            values={["role", ...keys]}
            words={(value) => `by ${value}`}
            onChange={(value) => set("group", value)}
          />
        </div>
      </div>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string | undefined;
  values: readonly string[];
  words?: (value: string) => string;
  onChange: (value: string) => void;
}

function Choice({ label, all, value, values, words = (text) => text, onChange }: ChoiceProps) {
  const known = value === undefined || values.includes(value) ? values : [value, ...values];
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value)}
      className="field w-auto max-w-48 max-sm:min-w-0 max-sm:flex-1"
    >
      <option value="">{all}</option>
      {known.map((choice) => (
        <option key={choice} value={choice}>
          {words(choice)}
        </option>
      ))}
    </select>
  );
}
