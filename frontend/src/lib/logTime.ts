// Times of log lines in microseconds since 1970: exact in a number, and what the server writes.
import type { Clock } from "./preferences";

/** `2026-01-02T03:04:05.123456Z`; the fraction may be missing or shorter. */
export function microseconds(time: string): number {
  const dot = time.indexOf(".");
  if (dot === -1) return Date.parse(time) * 1_000;
  const zone = time.slice(dot + 1).search(/[^0-9]/);
  const end = zone === -1 ? time.length : dot + 1 + zone;
  const fraction = time
    .slice(dot + 1, end)
    .padEnd(6, "0")
    .slice(0, 6);
  return Date.parse(`${time.slice(0, dot)}${time.slice(end)}`) * 1_000 + Number(fraction);
}

export function isoTime(time: number): string {
  const seconds = Math.floor(time / 1e6);
  const fraction = String(time - seconds * 1e6).padStart(6, "0");
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
}

const two = (value: number, width = 2) => String(value).padStart(width, "0");

/** Hours to milliseconds: what tells neighbouring lines apart. */
export function lineTime(time: number, clock: Clock): string {
  const at = new Date(Math.floor(time / 1_000));
  const [hours, minutes, seconds] =
    clock === "utc"
      ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
      : [at.getHours(), at.getMinutes(), at.getSeconds()];
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${two(at.getUTCMilliseconds(), 3)}`;
}

/** A moment in a sentence: the day only when it is not today. */
export function moment(time: number, clock: Clock, now = Date.now()): string {
  const at = new Date(Math.floor(time / 1_000));
  const day = (date: Date) => (clock === "utc" ? date.toISOString().slice(0, 10) : date.toDateString());
  const clockText = lineTime(time, clock).slice(0, 8);
  if (day(at) === day(new Date(now))) return clockText;
  const text = at.toLocaleDateString(undefined, {
    month: "short",
    day: "numeric",
    ...(clock === "utc" && { timeZone: "UTC" }),
  });
  return `${text} ${clockText}`;
}

const exact = new Map<Clock, Intl.DateTimeFormat>();
export function exactly(time: number, clock: Clock): string {
  let format = exact.get(clock);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(undefined, {
      dateStyle: "medium",
      timeStyle: "long",
      ...(clock === "utc" && { timeZone: "UTC" }),
    });
    exact.set(clock, format);
  }
  return format.format(new Date(Math.floor(time / 1_000)));
}
