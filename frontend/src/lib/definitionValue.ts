// Values of a definition as a form shows them: every way to write one is read, and what was not touched stays as written.
import type { Data } from "./draftSession";

export type Path = readonly string[];

const isData = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function valueAt(data: Data, path: Path): unknown {
  let here: unknown = data;
  for (const key of path) here = isData(here) ? here[key] : undefined;
  return here;
}

/** A copy with another value at `path`; `undefined` takes the key out, and mappings that are empty then. */
export function withValue(data: Data, path: Path, value: unknown): Data {
  const [key, ...rest] = path;
  if (key === undefined) return data;
  const old = data[key];
  const inner = rest.length === 0 ? value : withValue(isData(old) ? old : {}, rest, value);
  const empty = inner === undefined || (rest.length > 0 && isData(inner) && Object.keys(inner).length === 0);
  if (!empty) return { ...data, [key]: inner };
  return Object.fromEntries(Object.entries(data).filter(([other]) => other !== key));
}

/** Whether the form's plain field can show it: a text, number or switch. */
export const isPlain = (value: unknown) =>
  value === undefined || value === null || ["string", "number", "boolean"].includes(typeof value);

export const shown = (value: unknown): string =>
  value === undefined || value === null
    ? ""
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

/** A whole number as a number; anything else as typed, so that the server says what is wrong with it. */
export function typed(text: string, kind: "text" | "number"): unknown {
  if (text.trim() === "") return undefined;
  return kind === "number" && /^-?\d{1,15}$/.test(text.trim()) ? Number(text.trim()) : text;
}

/** A command: one line, or its words as `["a", "b"]`. Long forms are shown and typed the same way. */
export function typedWords(text: string): unknown {
  if (text.trim() === "") return undefined;
  if (/^\s*[[{]/.test(text)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  }
  return text;
}

export interface PortRow {
  published: string;
  target: string;
  protocol: string;
  mode: string;
  /** How it was written, for as long as it says the same. */
  written?: unknown;
}

export function portRow(written: unknown): PortRow {
  if (isData(written)) {
    const { target, published, protocol, mode } = written;
    return {
      published: shown(published),
      target: shown(target),
      protocol: shown(protocol ?? "tcp"),
      mode: shown(mode ?? "ingress"),
      written,
    };
  }
  const [address = "", protocol = "tcp"] = shown(written).split("/");
  const colon = address.lastIndexOf(":");
  return {
    published: colon === -1 ? "" : address.slice(0, colon),
    target: address.slice(colon + 1),
    protocol,
    mode: "ingress",
    written,
  };
}

const samePort = (a: PortRow, b: PortRow) =>
  a.published === b.published && a.target === b.target && a.protocol === b.protocol && a.mode === b.mode;

/** Undefined for a row that is still empty. */
export function portOf(row: PortRow): unknown {
  const published = row.published.trim();
  const target = row.target.trim();
  if (published === "" && target === "") return undefined;
  if (row.written !== undefined && samePort(portRow(row.written), row)) return row.written;
  const long = isData(row.written);
  if (!long && row.mode === "ingress" && published !== "")
    return `${published}:${target}${row.protocol === "tcp" ? "" : `/${row.protocol}`}`;
  return {
    target: typed(target, "number") ?? "",
    ...(published !== "" && { published: typed(published, "number") }),
    ...((row.protocol !== "tcp" || (isData(row.written) && "protocol" in row.written)) && {
      protocol: row.protocol,
    }),
    mode: row.mode,
  };
}

export interface PairRow {
  key: string;
  value: string;
  written?: unknown;
}

/** Variables and labels, written as a mapping or as a list of `KEY=value`. */
export function pairRows(written: unknown): PairRow[] | null {
  if (written === undefined || written === null) return [];
  if (isData(written))
    return Object.entries(written).map(([key, value]) => ({ key, value: shown(value), written: value }));
  if (!Array.isArray(written)) return null;
  return written.map((item: unknown) => {
    const text = shown(item);
    const at = text.indexOf("=");
    return at === -1 ? { key: text, value: "" } : { key: text.slice(0, at), value: text.slice(at + 1) };
  });
}

export function pairsOf(rows: readonly PairRow[], before: unknown): unknown {
  const named = rows.filter(({ key }) => key.trim() !== "");
  if (named.length === 0) return undefined;
  if (Array.isArray(before)) return named.map(({ key, value }) => `${key.trim()}=${value}`);
  return Object.fromEntries(
    named.map(({ key, value, written }) => [
      key.trim(),
      written !== undefined && shown(written) === value ? written : value,
    ]),
  );
}

export interface LineRow {
  value: string;
}

/** Lists of texts, whose long forms are shown as `{…}`; one text stands for a list of one. */
export function lineRows(written: unknown): LineRow[] | null {
  if (written === undefined || written === null) return [];
  if (isData(written)) return null;
  return (Array.isArray(written) ? written : [written]).map((item: unknown) => ({ value: shown(item) }));
}

export function linesOf(rows: readonly LineRow[]): unknown {
  const filled = rows.filter(({ value }) => value.trim() !== "");
  if (filled.length === 0) return undefined;
  return filled.map(({ value }) => (value.trim().startsWith("{") ? typedWords(value.trim()) : value.trim()));
}
