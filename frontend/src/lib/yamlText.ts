// Just enough YAML: writing a definition down, and placing the server's errors in a text.
import type { ProblemField } from "@/api/types";

const plain = /^[A-Za-z_./$][A-Za-z0-9_./${}@+-]*$/;
const misread = /^(true|false|yes|no|on|off|null|~|y|n)$/i;

function scalar(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = String(value);
  // JSON strings are valid YAML, whatever they hold.
  return plain.test(text) && !misread.test(text) && !/^\.?\d/.test(text) ? text : JSON.stringify(text);
}

/** Strings of an image's kind hold a colon without a blank after it, which YAML reads as text. */
const image = (text: string) =>
  /^[A-Za-z0-9$][A-Za-z0-9_./${}:@-]*$/.test(text) && !text.endsWith(":") ? text : scalar(text);

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (typeof item !== "object" || item === null) return [`${indent}- ${scalar(item)}`];
      const [first = "", ...rest] = lines(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([key, item]) => {
    const name = `${indent}${scalar(key)}:`;
    if (typeof item === "object" && item !== null) return [name, ...lines(item, `${indent}  `)];
    return [`${name} ${key === "image" && indent === "" ? image(String(item)) : scalar(item)}`];
  });
}

export const toYaml = (name: string, definition: Record<string, unknown>) => asYaml({ name, ...definition });

export const asYaml = (value: Record<string, unknown>) => `${lines(value, "").join("\n")}\n`;

export interface PlacedError {
  line: number | null;
  column: number | null;
  field: string;
  reason: string;
}

/** Puts each error at its line; one without a line is looked for by the last key of its path. */
export function placeErrors(text: string, errors: readonly ProblemField[]): PlacedError[] {
  const rows = text.split("\n");
  return errors
    .map(({ field, reason, line, column }) => {
      if (line !== null && line !== undefined) return { line, column: column ?? null, field, reason };
      return { line: lineOf(rows, field), column: null, field, reason };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function lineOf(rows: string[], field: string): number | null {
  const path = field.replace(/^(definition|yaml)\.?/, "");
  const [top] = path.split(/[.[]/);
  if (top === undefined || top === "") return null;
  const at = rows.findIndex((row) => row.startsWith(`${top}:`));
  return at === -1 ? null : at + 1;
}
