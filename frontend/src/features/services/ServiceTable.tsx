// The rows themselves, under headings that sort, in groups that fold.
import { clsx } from "clsx";
import { ArrowDown, ArrowUp, ChevronRight } from "lucide-react";
import { type CSSProperties, type RefObject, useEffect, useRef } from "react";
import type { Node } from "@/api/types";
import { type RowPlace, ServiceRow } from "@/components/ServiceRow";
import { VirtualBody } from "@/components/VirtualBody";
import { type Column, columnWords, gridOf, type ListView } from "@/lib/listView";
import { type Group, type Line, nextSort, type Sort, type SortKey } from "@/lib/serviceOrder";
import { needsAttention } from "@/lib/status";
import { ServiceActions } from "./ServiceActions";

const sortOf: Partial<Record<Column, SortKey>> = {
  status: "status",
  replicas: "replicas",
  image: "image",
  changed: "updated",
};

interface Props {
  lines: Line[];
  nodes: readonly Node[];
  view: ListView;
  sort: Sort;
  onSort: (sort: Sort) => void;
  chosen: ReadonlySet<string>;
  select: (line: string, range: boolean) => void;
  onAll: (on: boolean, names?: string[]) => void;
  /** How many of those shown are chosen. */
  picked: number;
  total: number;
  /** How many there are without the filter. */
  whole: number;
  onFold: (group: string) => void;
  list: RefObject<HTMLTableElement | null>;
  reach: RefObject<((index: number) => void) | null>;
  pointing: { onPointerEnter: () => void; onPointerLeave: () => void };
}

export function ServiceTable(props: Props) {
  const { lines, nodes, view, chosen, select, onAll, onFold, whole, list, reach, pointing } = props;
  return (
    <table
      ref={list}
      className="block"
      aria-rowcount={lines.length + 1}
      style={{ "--tracks": gridOf(view.columns) } as CSSProperties}
      {...pointing}
    >
      <caption className="sr-only">Services</caption>
      <Head {...props} />
      <VirtualBody
        items={lines}
        whole={whole}
        estimate={view.dense ? 34 : 42}
        keyOf={(line) => line.id}
        reach={reach}
      >
        {(line, place) =>
          line.kind === "group" ? (
            <GroupRow
              key={line.id}
              line={line}
              place={place}
              picked={line.group.services.filter(({ name }) => chosen.has(name)).length}
              onFold={onFold}
              onAll={onAll}
            />
          ) : (
            <ServiceRow
              key={line.id}
              service={line.service}
              nodes={nodes}
              Actions={ServiceActions}
              columns={view.columns}
              dense={view.dense}
              selected={chosen.has(line.service.name)}
              onSelect={select}
              line={line.id}
              index={place.index}
              measure={place.ref}
            />
          )
        }
      </VirtualBody>
    </table>
  );
}

function Head({ view, sort, onSort, onAll, picked, total }: Props) {
  const heading = "flex text-left font-semibold text-ink-3 text-xs";
  const by = (key: SortKey | undefined, word: string, also?: string) => {
    const here = key !== undefined && sort.by === key;
    const Arrow = sort.down ? ArrowDown : ArrowUp;
    return (
      <th
        key={word}
        scope="col"
        className={clsx(heading, also)}
        aria-sort={here ? (sort.down ? "descending" : "ascending") : undefined}
      >
        {key === undefined ? (
          word
        ) : (
          <button
            type="button"
            onClick={() => onSort(nextSort(sort, key))}
            className={clsx(
              "-mx-1 inline-flex items-center gap-1 rounded px-1 hover:text-ink",
              here && "text-ink",
            )}
          >
            {word}
            <Arrow aria-hidden className={clsx("size-3", !here && "invisible")} />
          </button>
        )}
      </th>
    );
  };
  return (
    <thead className="block">
      <tr
        aria-rowindex={1}
        className="grid grid-cols-[1.125rem_1fr] items-center gap-x-3 border-line border-b px-4 py-2 @4xl:grid-cols-(--tracks)"
      >
        <th scope="col" className="flex">
          <Tick
            label={`Select all ${total} shown`}
            on={picked > 0 && picked === total}
            some={picked > 0 && picked < total}
            onChange={(on) => onAll(on)}
          />
        </th>
        {by("name", "Service")}
        {view.columns.map((column) => by(sortOf[column], columnWords[column], "@max-4xl:hidden"))}
        <th scope="col" className={clsx(heading, "@max-4xl:hidden")}>
          <span className="sr-only">Actions</span>
        </th>
      </tr>
    </thead>
  );
}

function Tick(props: { label: string; on: boolean; some: boolean; onChange: (on: boolean) => void }) {
  const { label, on, some, onChange } = props;
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some;
  }, [some]);
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label={label}
      checked={on}
      onChange={(event) => onChange(event.target.checked)}
      className="size-[15px] accent-accent"
    />
  );
}

interface GroupProps {
  line: Line & { kind: "group" };
  place: RowPlace;
  picked: number;
  onFold: (group: string) => void;
  onAll: (on: boolean, names?: string[]) => void;
}

function GroupRow({ line, place, picked, onFold, onAll }: GroupProps) {
  const { group, open } = line;
  const names = group.services.map(({ name }) => name);
  return (
    <tr
      ref={place.ref}
      data-index={place.index}
      data-line={line.id}
      aria-rowindex={place.index + 2}
      tabIndex={-1}
      className="grid min-h-[37px] scroll-my-24 grid-cols-[1.125rem_1fr] items-center gap-x-3 border-line border-b bg-sunken px-4 -outline-offset-2"
    >
      <td className="flex">
        <Tick
          label={`Select all of ${group.title}`}
          on={picked === names.length}
          some={picked > 0 && picked < names.length}
          onChange={(on) => onAll(on, names)}
        />
      </td>
      <th scope="row" className="flex min-w-0 text-left font-normal">
        <button
          type="button"
          aria-expanded={open}
          onClick={() => onFold(group.key)}
          className="-mx-1 flex min-w-0 flex-1 items-center gap-2 rounded px-1 py-1"
        >
          <ChevronRight
            aria-hidden
            className={clsx("size-3.5 shrink-0 text-ink-3 transition-transform", open && "rotate-90")}
          />
          <span className="truncate font-semibold">{group.title}</span>
          <Count group={group} />
        </button>
      </th>
    </tr>
  );
}

function Count({ group }: { group: Group }) {
  const bad = group.services.filter(needsAttention).length;
  return (
    <span className="num whitespace-nowrap text-ink-3 text-sm">
      {group.services.length.toLocaleString("en")}
      {bad > 0 && <span className="text-bad-ink">, {bad === 1 ? "1 problem" : `${bad} problems`}</span>}
    </span>
  );
}
