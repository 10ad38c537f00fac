// Fields for lists: ports, pairs and lines, each in whatever form the text has them.
import { clsx } from "clsx";
import { type ReactNode, useId, useState } from "react";
import {
  type LineRow,
  lineRows,
  linesOf,
  type PairRow,
  type Path,
  type PortRow,
  pairRows,
  pairsOf,
  portOf,
  portRow,
} from "@/lib/definitionValue";
import { Rows } from "../Rows";
import { useForm, useFormValue } from "./FormContext";
import { asTyped, code } from "./PlainFields";

type WithId<T> = T & { id: number };

// Rows count new ones upwards from 1.
let lastRead = 0;
const withIds = <T extends object>(rows: readonly T[]): WithId<T>[] =>
  rows.map((row) => {
    lastRead -= 1;
    return { ...row, id: lastRead };
  });

/** Rows with those that are still empty, which the definition does not hold. */
function useRows<T extends object>(
  path: Path,
  read: (value: unknown) => T[] | null,
  write: (rows: readonly T[], before: unknown) => unknown,
) {
  const { value, set } = useFormValue(path);
  const print = JSON.stringify(value);
  const [local, setLocal] = useState<{ print: string | undefined; rows: WithId<T>[] | null }>(() => {
    const rows = read(value);
    return { print, rows: rows === null ? null : withIds(rows) };
  });
  let { rows } = local;
  if (local.print !== print) {
    const fresh = read(value);
    rows = fresh === null ? null : withIds(fresh);
    setLocal({ print, rows });
  }
  const change = (next: WithId<T>[]) => {
    const written = write(next, value);
    setLocal({ print: JSON.stringify(written), rows: next });
    set(written);
  };
  return { rows, change };
}

interface Titles {
  path: Path;
  title: string;
  noun: string;
  hint: ReactNode;
}

const InText = ({ title }: { title: string }) => (
  <div>
    <p className="mb-1 font-medium">{title}</p>
    <p className="text-ink-3 text-sm">Written in a form that only the text shows; change it in YAML.</p>
  </div>
);

export function LineFields({
  placeholder,
  options,
  ...titles
}: Titles & { placeholder: string; options?: readonly string[] }) {
  const { rows, change } = useRows<LineRow>(titles.path, lineRows, linesOf);
  const { reasonAt } = useForm();
  const id = useId();
  if (rows === null) return <InText title={titles.title} />;
  return (
    <>
      <Rows
        title={titles.title}
        noun={titles.noun}
        hint={titles.hint}
        error={reasonAt(titles.path, titles.noun)}
        rows={rows}
        fresh={(key) => ({ id: key, value: "" })}
        onChange={change}
      >
        {(row, set, label) => (
          <input
            aria-label={label}
            placeholder={placeholder}
            list={options === undefined ? undefined : id}
            {...asTyped}
            value={row.value}
            onChange={(event) => set({ value: event.target.value })}
            className={clsx("field", code)}
          />
        )}
      </Rows>
      {options !== undefined && (
        <datalist id={id}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </>
  );
}

export function PairFields({ placeholder = "NAME", ...titles }: Titles & { placeholder?: string }) {
  const { rows, change } = useRows<PairRow>(titles.path, pairRows, pairsOf);
  const { reasonAt } = useForm();
  if (rows === null) return <InText title={titles.title} />;
  return (
    <Rows
      title={titles.title}
      noun={titles.noun}
      hint={titles.hint}
      error={reasonAt(titles.path)}
      rows={rows}
      fresh={(id) => ({ id, key: "", value: "" })}
      onChange={change}
    >
      {(row, set, label) => (
        <>
          <input
            aria-label={`${label}: name`}
            placeholder={placeholder}
            {...asTyped}
            value={row.key}
            onChange={(event) => set({ key: event.target.value })}
            className={clsx("field min-w-0 max-w-56 flex-1", code)}
          />
          <input
            aria-label={`${label}: value`}
            placeholder="value"
            {...asTyped}
            value={row.value}
            onChange={(event) => set({ value: event.target.value })}
            className={clsx("field min-w-0 flex-1", code)}
          />
        </>
      )}
    </Rows>
  );
}

const readPorts = (value: unknown) =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value.map(portRow) : null;
const writePorts = (rows: readonly PortRow[]) => {
  const ports = rows.map(portOf).filter((port) => port !== undefined);
  return ports.length === 0 ? undefined : ports;
};

export function PortFields(titles: Titles) {
  const { rows, change } = useRows<PortRow>(titles.path, readPorts, writePorts);
  const { reasonAt } = useForm();
  if (rows === null) return <InText title={titles.title} />;
  return (
    <Rows
      title={titles.title}
      noun={titles.noun}
      hint={titles.hint}
      error={reasonAt(titles.path, titles.noun)}
      rows={rows}
      fresh={(id) => ({ id, published: "", target: "", protocol: "tcp", mode: "ingress" })}
      onChange={change}
    >
      {(row, set, label) => (
        <>
          <input
            aria-label={`${label}: published`}
            placeholder="8080"
            autoComplete="off"
            value={row.published}
            onChange={(event) => set({ published: event.target.value })}
            className="field num w-24 min-w-0"
          />
          <span aria-hidden className="text-ink-3">
            →
          </span>
          <input
            aria-label={`${label}: in the container`}
            placeholder="80"
            autoComplete="off"
            value={row.target}
            onChange={(event) => set({ target: event.target.value })}
            className="field num w-20 min-w-0"
          />
          <select
            aria-label={`${label}: protocol`}
            value={row.protocol}
            onChange={(event) => set({ protocol: event.target.value })}
            className="field w-20"
          >
            <option>tcp</option>
            <option>udp</option>
            <option>sctp</option>
          </select>
          <select
            aria-label={`${label}: mode`}
            value={row.mode}
            onChange={(event) => set({ mode: event.target.value })}
            className="field w-28"
          >
            <option>ingress</option>
            <option>host</option>
          </select>
        </>
      )}
    </Rows>
  );
}
