// What level a line was logged at, by the rules of backend/domain/log_level.py; examples bind both.
import type { LogLevel } from "./logLevel";

const LOOKED_AT = 200;
const SHOUTED_WITHIN = 100;
const JSON_AT_MOST = 65_536;

const words = new Map<string, LogLevel>();
const say = (level: LogLevel, text: string) => {
  for (const word of text.split(" ")) words.set(word, level);
};
say("error", "error err erro fatal critical crit panic alert emerg emergency");
say("warn", "warn warning wrn");
say("info", "info inf notice information log");
say("debug", "debug dbg trace trc verbose");

const keys = ["level", "severity", "lvl", "loglevel", "log.level", "levelname", "@l"];
const ESC = String.fromCharCode(27);
const BEL = String.fromCharCode(7);
const escapes = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[@-Z\\\\-_]?)`,
  "g",
);
const sure = "ERROR|FATAL|CRITICAL|PANIC|WARN(?:ING)?|INFO|NOTICE|DEBUG|TRACE";
const logfmt = /(?:^|[\s,{])(?:level|lvl|severity|loglevel)=["']?([A-Za-z]+)(?![A-Za-z0-9_])/i;
const bracketed = /[[<(]\s*(?:[\w.-]+:)?([A-Za-z]+)\s*[\])>]/g;
const shouted = new RegExp(`(?<![\\w/.-])(${sure}|ERR|WRN|INF|DBG)(?![\\w/=-]|\\.\\w)`);
const labelled = new RegExp(`^(?:\\S+\\s+){0,3}?(${sure}):(?:\\s|$)`, "i");
const glog = /^([EWIF])\d{4} \d\d:\d\d:\d\d/;
const glogWords: Record<string, LogLevel> = { E: "error", F: "error", W: "warn", I: "info" };

const isMapping = (data: unknown): data is Record<string, unknown> =>
  typeof data === "object" && data !== null && !Array.isArray(data);

/** A line that is one JSON object, as loggers write it. */
export function jsonOf(line: string): Record<string, unknown> | null {
  const text = line.trim();
  if (!text.startsWith("{") || !text.endsWith("}") || text.length > JSON_AT_MOST) return null;
  try {
    const data: unknown = JSON.parse(text);
    return isMapping(data) ? data : null;
  } catch {
    return null;
  }
}

export function levelOf(line: string): LogLevel | null {
  const text = (line.includes(ESC) ? line.replace(escapes, "") : line).trim();
  const data = jsonOf(text);
  if (data !== null) return ofMapping(data);
  const head = text.slice(0, LOOKED_AT);
  const named = words.get(logfmt.exec(head)?.[1]?.toLowerCase() ?? "");
  if (named !== undefined) return named;
  const letter = glog.exec(head)?.[1];
  if (letter !== undefined) return glogWords[letter] ?? null;
  for (const [, word = ""] of head.matchAll(bracketed)) {
    const level = words.get(word.toLowerCase());
    if (level !== undefined && word.toLowerCase() !== "log") return level;
  }
  const found = shouted.exec(head.slice(0, SHOUTED_WITHIN)) ?? labelled.exec(head);
  return words.get(found?.[1]?.toLowerCase() ?? "") ?? null;
}

function ofMapping(data: Record<string, unknown>): LogLevel | null {
  for (const key of keys) {
    const value = data[key];
    if (value !== undefined && value !== null) return ofValue(value);
  }
  const inner = data["log"];
  return isMapping(inner) ? ofValue(inner["level"]) : null;
}

function ofValue(value: unknown): LogLevel | null {
  if (typeof value === "string") return words.get(value.trim().toLowerCase()) ?? null;
  if (typeof value !== "number") return null;
  // The numbers of bunyan and pino; syslog's go the other way, from 0 to 7.
  if (value >= 10) return value >= 50 ? "error" : value >= 40 ? "warn" : value >= 30 ? "info" : "debug";
  if (value < 0 || value > 7) return null;
  return value <= 3 ? "error" : value <= 4 ? "warn" : value <= 6 ? "info" : "debug";
}
