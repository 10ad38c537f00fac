// Colour codes of a terminal as plain data: a closed set of looks, everything else a code may say is dropped.

export interface AnsiSpan {
  text: string;
  /** One of the terminal's sixteen colours; components/log.css says how each looks. */
  color?: number;
  background?: number;
  bold?: boolean;
  faint?: boolean;
  italic?: boolean;
  underline?: boolean;
  struck?: boolean;
  inverse?: boolean;
}

const cube = [0, 95, 135, 175, 215, 255];
const GREYS = [0, 8, 7, 15];

/** The one of the sixteen that is most like it: each of those can be read on the log's ground, in both themes. */
function nearest(r: number, g: number, b: number): number {
  const most = Math.max(r, g, b);
  const spread = most - Math.min(r, g, b);
  if (spread < 40) return GREYS[Math.min(3, Math.floor(most / 64))] ?? 7;
  const near = most - spread / 2;
  // Red, green and blue are the bits of a terminal's colour.
  const hue = (r > near ? 1 : 0) | (g > near ? 2 : 0) | (b > near ? 4 : 0);
  return hue + (most > 215 ? 8 : 0);
}

function indexed(index: number): number | undefined {
  if (!(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return index;
  if (index >= 232) return GREYS[Math.min(3, Math.floor((index - 232) / 6))];
  const at = index - 16;
  return nearest(cube[Math.floor(at / 36)] ?? 0, cube[Math.floor(at / 6) % 6] ?? 0, cube[at % 6] ?? 0);
}

const isByte = (value: number | undefined): value is number =>
  value !== undefined && value >= 0 && value <= 255;

type Look = Omit<AnsiSpan, "text">;

/** `38;5;n` and `38;2;r;g;b`: the colour, and how many numbers it took. */
function extended(codes: readonly number[], at: number): [colour: number | undefined, taken: number] {
  if (codes[at] === 5) return [indexed(codes[at + 1] ?? -1), 2];
  if (codes[at] !== 2) return [undefined, 0];
  const [r, g, b] = codes.slice(at + 1, at + 4);
  return [isByte(r) && isByte(g) && isByte(b) ? nearest(r, g, b) : undefined, 4];
}

function without(look: Look, ...keys: (keyof Look)[]): Look {
  const rest = { ...look };
  for (const key of keys) delete rest[key];
  return rest;
}

function applied(before: Look, codes: readonly number[]): Look {
  let look = before;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    const side = code < 40 || (code >= 90 && code < 100) ? "color" : "background";
    const colour = (code % 10) + (code >= 90 ? 8 : 0);
    if (code === 0) look = {};
    else if (code === 1) look = { ...look, bold: true };
    else if (code === 2) look = { ...look, faint: true };
    else if (code === 3) look = { ...look, italic: true };
    else if (code === 4) look = { ...look, underline: true };
    else if (code === 7) look = { ...look, inverse: true };
    else if (code === 9) look = { ...look, struck: true };
    else if (code === 22) look = without(look, "bold", "faint");
    else if (code === 23) look = without(look, "italic");
    else if (code === 24) look = without(look, "underline");
    else if (code === 27) look = without(look, "inverse");
    else if (code === 29) look = without(look, "struck");
    else if (code === 39 || code === 49) look = without(look, side);
    else if (code === 38 || code === 48) {
      const [found, taken] = extended(codes, at + 1);
      at += taken;
      if (found !== undefined) look = { ...look, [side]: found };
    } else if (
      (code >= 30 && code <= 37) ||
      (code >= 40 && code <= 47) ||
      (code >= 90 && code <= 97) ||
      (code >= 100 && code <= 107)
    ) {
      look = { ...look, [side]: colour };
    }
  }
  return look;
}

const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);
/** One control sequence: CSI (its SGR numbers kept), OSC up to its end, or a lone escape. */
const sequence = new RegExp(
  `${ESC}(?:\\[([0-9;:]*)m|\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[@-Z\\\\-_]?)`,
  "g",
);
const controls = new RegExp(
  `[${String.fromCharCode(0)}-${String.fromCharCode(8)}${String.fromCharCode(11)}-${String.fromCharCode(31)}${String.fromCharCode(127)}]`,
  "g",
);

/** Progress bars write over their own line: what stands there last is what one would see. */
const lastWritten = (line: string) => {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
};

export function ansiSpans(line: string): AnsiSpan[] {
  const text = lastWritten(line);
  if (!text.includes(ESC)) return [{ text: text.replace(controls, "") }];
  const spans: AnsiSpan[] = [];
  let look: Look = {};
  let from = 0;
  const put = (part: string) => {
    const clean = part.replace(controls, "");
    if (clean !== "") spans.push({ text: clean, ...look });
  };
  for (const found of text.matchAll(sequence)) {
    put(text.slice(from, found.index));
    from = found.index + found[0].length;
    const codes = found[1];
    if (codes !== undefined) look = applied(look, codes.split(/[;:]/).map(Number));
  }
  put(text.slice(from));
  return spans;
}
