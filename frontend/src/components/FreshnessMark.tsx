import { clsx } from "clsx";
import { Unplug } from "lucide-react";
import { asProblem } from "@/api/problem";
import { AFTER_PROBLEM, useHealth, WITHOUT_STREAM } from "@/hooks/useApi";
import { useLiveState } from "@/hooks/useLiveState";
import { useNow } from "@/hooks/useNow";
import { age, span } from "@/lib/format";
import { freshness } from "@/lib/freshness";
import { liveState } from "@/lib/liveState";
import { Button } from "./Button";

function useFreshness(every: number) {
  const { data, dataUpdatedAt, error, errorUpdatedAt, isFetching } = useHealth();
  const now = useNow(every);
  const streaming = useLiveState() === "live";
  const fresh = freshness(data, dataUpdatedAt, now, error === null ? null : asProblem(error), streaming);
  // When the page itself asks again; null: it is told, and the server is the one that tries.
  const next =
    error !== null ? errorUpdatedAt + AFTER_PROBLEM : streaming ? null : dataUpdatedAt + WITHOUT_STREAM;
  const left = next === null ? null : Math.max(0, Math.ceil((next - now) / 1_000));
  return { ...fresh, streaming, left, asking: isFetching };
}

function whenAgain({ left, asking }: { left: number | null; asking: boolean }): string {
  if (asking || left === 0) return "Trying now…";
  return left === null
    ? "The server tries again by itself, and this page goes on by itself."
    : `Tried again in ${left} s; then this page goes on by itself.`;
}

const dot = { unknown: "bg-off", live: "bg-ok", aging: "bg-wait", stale: "bg-bad" } as const;

export function FreshnessMark() {
  const fresh = useFreshness(1_000);
  const words =
    fresh.state === "unknown"
      ? "looking…"
      : fresh.state === "live"
        ? `${fresh.streaming ? "live" : "looked"}, ${span(Math.round(fresh.age))} ago`
        : fresh.age === null
          ? "no picture"
          : `${age(fresh.age)} old`;
  return (
    <span
      title={
        fresh.streaming
          ? "Changes reach this page as they happen. The age is when the Docker engine was last seen to answer."
          : "The live stream cannot be had, so this page looks every 10 s. The age is when the Docker engine last answered."
      }
      className="num flex min-w-0 items-center gap-[7px] whitespace-nowrap text-ink-2 text-sm"
    >
      <span
        aria-hidden
        className={clsx(
          "size-2 shrink-0 rounded-full",
          fresh.state === "live" && !fresh.streaming ? dot.aging : dot[fresh.state],
        )}
      />
      {/* On a phone it gives way to what else is in the header; the colour stays. */}
      <span className="truncate sm:min-w-[7.2em]">{words}</span>
    </span>
  );
}

export function StaleBanner() {
  const fresh = useFreshness(1_000);
  if (fresh.state !== "stale") return null;
  return (
    <div
      role="alert"
      className="flex gap-2.5 border-line border-b bg-warn-soft px-4 py-2.5 text-sm text-warn-ink md:px-7"
    >
      <Unplug aria-hidden className="mt-0.5 size-4 shrink-0" />
      <p className="min-w-0 [overflow-wrap:anywhere]">
        <b className="font-semibold">
          {fresh.age === null
            ? "There is no picture of the cluster."
            : `This is the last picture, ${age(Math.round(fresh.age))} old.`}
        </b>{" "}
        {fresh.why} <span className="num">{whenAgain(fresh)}</span>
      </p>
      <Button size="sm" className="ml-auto self-center" onClick={liveState.tryNow}>
        Try now
      </Button>
    </div>
  );
}
