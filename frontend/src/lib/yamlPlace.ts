// Where in a definition the caret stands: found by indentation, because a text that is being typed is seldom YAML.

export interface Place {
  /** Keys from the top; `*` is an item of a list. */
  path: string[];
  /** What is being written there: a key, the value of the last key of the path, or an item that may become either. */
  kind: "key" | "value" | "item";
  /** The piece of text before the caret that a completion replaces. */
  word: string;
  /** The column at which a key stands here. */
  column: number;
  /** Keys that the same mapping has already. */
  siblings: Set<string>;
}

interface Row {
  dashes: number[];
  /** Where the content begins behind the dashes. */
  column: number;
  key: string | null;
  rest: string;
}

const keyed = /^(?:"([^"]*)"|'([^']*)'|([^\s#{}[\]"',&*!|>][^:#{}[\]]*?))\s*:(?:\s+(.*)|$)/;

function rowOf(line: string): Row | null {
  const dashes: number[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === " ") at += 1;
    if (line[at] !== "-" || !(line[at + 1] === " " || line[at + 1] === undefined)) break;
    dashes.push(at);
    at += 1;
  }
  const content = line.slice(at);
  if (content.startsWith("#") || (content === "" && dashes.length === 0)) return null;
  const found = keyed.exec(content);
  return {
    dashes,
    column: at,
    key: found === null ? null : (found[1] ?? found[2] ?? found[3] ?? "").trim(),
    rest: found?.[4] ?? "",
  };
}

/** The path of the mapping or list that holds column `column` of line `line`. */
function above(lines: readonly string[], line: number, column: number, dashes: readonly number[]): string[] {
  const path: string[] = [];
  let keyBelow = column;
  let dashBelow = column;
  const item = (dash: number) => {
    path.unshift("*");
    // A list may stand at the column of its own key.
    keyBelow = dash + 1;
    dashBelow = dash;
  };
  for (const dash of [...dashes].reverse()) item(dash);
  for (let at = line - 1; at >= 0 && keyBelow > 0; at -= 1) {
    const row = rowOf(lines[at] ?? "");
    if (row === null) continue;
    if (row.key !== null && row.column < keyBelow && (row.column !== column || path.length > 0)) {
      path.unshift(row.key);
      keyBelow = row.column;
      dashBelow = row.column;
    }
    for (const dash of [...row.dashes].reverse()) if (dash < dashBelow) item(dash);
  }
  return path;
}

function keysBeside(lines: readonly string[], line: number, column: number): Set<string> {
  const keys = new Set<string>();
  const look = (step: number) => {
    for (let at = line + step; at >= 0 && at < lines.length; at += step) {
      const row = rowOf(lines[at] ?? "");
      if (row === null) continue;
      if (row.column < column) return;
      if (row.column === column && row.key !== null) keys.add(row.key);
      // The first key of an item stands behind its dash.
      if (row.dashes.some((dash) => dash < column) && row.column === column) {
        if (step < 0) return;
        keys.delete(row.key ?? "");
        return;
      }
    }
  };
  const own = rowOf(lines[line] ?? "");
  if (own === null || own.dashes.length === 0) look(-1);
  look(1);
  return keys;
}

/** Goes on inside `{…}` and `[…]` that are open at the end of `text`. */
function inFlow(text: string): { path: string[]; kind: Place["kind"]; word: string; keys: string[] } | null {
  const stack: { kind: "{" | "["; key: string | null; keys: string[] }[] = [];
  let word = "";
  let quote = "";
  for (const letter of text) {
    if (quote !== "") {
      if (letter === quote) quote = "";
      word += letter;
      continue;
    }
    const top = stack.at(-1);
    if (letter === '"' || letter === "'") {
      quote = letter;
      word += letter;
    } else if (letter === "{" || letter === "[") {
      stack.push({ kind: letter, key: null, keys: [] });
      word = "";
    } else if (letter === "}" || letter === "]") {
      stack.pop();
      word = "";
    } else if (letter === "," && top !== undefined) {
      top.key = null;
      word = "";
    } else if (letter === ":" && top?.kind === "{" && top.key === null) {
      top.key = word.trim();
      top.keys.push(top.key);
      word = "";
    } else word += letter;
  }
  const top = stack.at(-1);
  if (top === undefined) return null;
  const path = stack.flatMap((open, index) =>
    open.kind === "["
      ? ["*"]
      : open.key !== null && (index < stack.length - 1 || open.key !== null)
        ? [open.key]
        : [],
  );
  const kind = top.kind === "[" ? "item" : top.key === null ? "key" : "value";
  return { path, kind, word: word.trimStart(), keys: top.keys };
}

/** Null in a comment. */
export function placeAt(text: string, offset: number): Place | null {
  const lines = text.split("\n");
  let line = 0;
  let start = 0;
  while (line < lines.length - 1 && start + (lines[line]?.length ?? 0) < offset) {
    start += (lines[line]?.length ?? 0) + 1;
    line += 1;
  }
  const head = (lines[line] ?? "").slice(0, offset - start);
  if (/(^|\s)#/.test(head.replace(/"[^"]*"|'[^']*'/g, ""))) return null;
  const row = rowOf(head) ?? { dashes: [], column: head.length, key: null, rest: "" };
  const base = above(lines, line, row.column, row.dashes);
  const content = head.slice(row.column);
  const siblings = keysBeside(lines, line, row.column);
  const flow = inFlow(row.key === null ? content : row.rest);
  if (flow !== null) {
    const path = [...base, ...(row.key === null ? [] : [row.key]), ...flow.path];
    return { path, kind: flow.kind, word: flow.word, column: row.column, siblings: new Set(flow.keys) };
  }
  if (row.key !== null)
    return { path: [...base, row.key], kind: "value", word: row.rest, column: row.column, siblings };
  const kind = row.dashes.length > 0 ? "item" : "key";
  return { path: base, kind, word: content, column: row.column, siblings };
}

/** The path of the key at `offset`, for what is shown when one points at it. */
export function keyAt(text: string, offset: number): { path: string[]; from: number; to: number } | null {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const line = text.slice(start, end === -1 ? text.length : end);
  const row = rowOf(line);
  if (row === null || row.key === null) return null;
  const from = start + row.column;
  const to = from + row.key.length;
  if (offset < from || offset > to) return null;
  const place = placeAt(text, from);
  return place === null ? null : { path: [...place.path, row.key], from, to };
}
