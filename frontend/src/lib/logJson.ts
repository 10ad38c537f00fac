// A line of JSON as one reads it: what it says, the most useful of its keys, and all of it in order.

const messages = ["msg", "message", "event", "@m", "@mt", "text", "title", "body"];
/** Said elsewhere in the row, or of no use to tell lines apart. */
const left = new Set([
  ...["time", "ts", "timestamp", "@timestamp", "@t", "datetime", "date"],
  ...["level", "severity", "lvl", "loglevel", "log.level", "levelname", "@l"],
  ...["pid", "hostname", "host", "v", "name", "logger", "thread", "stream", "version", "@version"],
]);
const first = ["error", "err", "exception", "reason", "method", "status", "path", "url", "duration", "took"];
const MOST_PAIRS = 6;
const LONGEST = 80;

export interface JsonSummary {
  message: string | null;
  pairs: readonly [key: string, value: string][];
  /** Keys that are not shown. */
  more: number;
}

const short = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

function shown(value: unknown): string {
  if (typeof value === "string") return short(/[\s"]/.test(value) ? JSON.stringify(value) : value);
  if (typeof value === "object" && value !== null) {
    const message = (value as { message?: unknown }).message;
    if (typeof message === "string") return short(JSON.stringify(message));
    return Array.isArray(value) ? `[${value.length}]` : "{…}";
  }
  return String(value);
}

export function jsonSummary(data: Record<string, unknown>): JsonSummary {
  const said = messages.find((key) => typeof data[key] === "string" && data[key] !== "");
  const rest = Object.keys(data).filter((key) => key !== said && !left.has(key) && data[key] !== null);
  const rank = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length);
  const ordered = rest
    .map((key, at) => [key, at] as const)
    .sort(([a, i], [b, j]) => rank(a) - rank(b) || i - j);
  return {
    message: said === undefined ? null : String(data[said]),
    pairs: ordered.slice(0, MOST_PAIRS).map(([key]) => [key, shown(data[key])]),
    more: Math.max(0, ordered.length - MOST_PAIRS),
  };
}

export interface JsonLine {
  indent: string;
  key: string | null;
  value: string;
  kind: "text" | "number" | "word" | "mark";
}

const MOST_LINES = 2_000;

/** The whole as indented text, each line with what its value is. */
export function jsonLines(data: Record<string, unknown>): JsonLine[] {
  return JSON.stringify(data, null, 2)
    .split("\n")
    .slice(0, MOST_LINES)
    .map((line): JsonLine => {
      const [, indent = "", key, value = ""] = /^(\s*)(?:("(?:[^"\\]|\\.)*"): )?(.*)$/s.exec(line) ?? [];
      const kind = value.startsWith('"')
        ? "text"
        : /^-?\d/.test(value)
          ? "number"
          : /^(true|false|null)/.test(value)
            ? "word"
            : "mark";
      return { indent, key: key ?? null, value, kind };
    });
}
