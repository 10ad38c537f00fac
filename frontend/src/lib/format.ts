// Numbers, times and names as people read them.
import { type Clock, clockNow } from "./preferences";

const steps: [limit: number, seconds: number, unit: string][] = [
  [90, 1, "s"],
  [90 * 60, 60, "min"],
  [36 * 3600, 3600, "h"],
  [100 * 86_400, 86_400, "d"],
  [24 * 2_629_800, 2_629_800, "months"],
  [Number.POSITIVE_INFINITY, 31_557_600, "years"],
];

export function ago(then: string | number | Date, now: number): string {
  const seconds = Math.max(0, (now - new Date(then).getTime()) / 1000);
  if (seconds < 3) return "now";
  return `${span(seconds)} ago`;
}

export function span(seconds: number): string {
  const [, size, unit] = steps.find(([limit]) => seconds < limit) ?? [0, 1, "s"];
  return `${Math.round(seconds / size)} ${unit}`;
}

const zones: Record<Clock, { timeZone?: string }> = { local: {}, utc: { timeZone: "UTC" } };
const byClock = (options: Intl.DateTimeFormatOptions): Record<Clock, Intl.DateTimeFormat> => ({
  local: new Intl.DateTimeFormat(undefined, { ...options, ...zones.local }),
  utc: new Intl.DateTimeFormat(undefined, { ...options, ...zones.utc }),
});

const absolute = byClock({ dateStyle: "medium", timeStyle: "long" });
export const whenExactly = (then: string) => absolute[clockNow()].format(new Date(then));

const calendarDay = byClock({ dateStyle: "medium" });
export const day = (then: string) => calendarDay[clockNow()].format(new Date(then));

const two = (value: number, width = 2) => String(value).padStart(width, "0");
export function clockTime(then: string): string {
  const at = new Date(then);
  if (clockNow() === "utc") return at.toISOString().slice(11, 23);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

/** Freshness needs tenths while it is young and no more. */
export const age = (seconds: number) => (seconds < 10 ? `${seconds.toFixed(1)} s` : span(seconds));

const units = ["B", "KB", "MB", "GB", "TB"];
export function bytes(value: number): string {
  let amount = value;
  let unit = 0;
  while (Math.abs(amount) >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount >= 10 || unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`;
}

export const cores = (value: number) => String(Math.round(value * 100) / 100);

export const plural = (count: number, one: string, many = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export interface ImageParts {
  registry: string | null;
  repository: string;
  tag: string | null;
}

/** Splits `host:5000/team/app:1` as Docker does: a first part with a dot, a colon or `localhost` is a host. */
export function imageParts(image: string): ImageParts {
  const [reference = image] = image.split("@");
  const slash = reference.indexOf("/");
  const first = slash === -1 ? "" : reference.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first === "localhost";
  const rest = hasHost ? reference.slice(slash + 1) : reference;
  const colon = rest.lastIndexOf(":");
  const tagged = colon > rest.lastIndexOf("/");
  return {
    registry: hasHost ? first : null,
    repository: tagged ? rest.slice(0, colon) : rest,
    tag: tagged ? rest.slice(colon + 1) : null,
  };
}

export const shortDigest = (digest: string) => digest.replace(/^sha256:/, "").slice(0, 12);

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, "g");
export const withoutColourCodes = (line: string) => line.replace(escapes, "");

/** `heartbeat failure` → `Heartbeat failure.` */
export const asSentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

export const initials = (name: string) => name.slice(0, 2).toUpperCase();
