import { clsx } from "clsx";
import { Unplug } from "lucide-react";
import { asProblem } from "@/api/problem";
import { useHealth } from "@/hooks/useApi";
import { useNow } from "@/hooks/useNow";
import { age } from "@/lib/format";
import { freshness } from "@/lib/freshness";

function useFreshness(every: number) {
  const { data, dataUpdatedAt, error } = useHealth();
  const now = useNow(every);
  return freshness(data, dataUpdatedAt, now, error === null ? null : asProblem(error));
}

const dot = { unknown: "bg-off", live: "bg-ok", aging: "bg-wait", stale: "bg-bad" } as const;

export function FreshnessMark() {
  const fresh = useFreshness(200);
  const words =
    fresh.state === "unknown"
      ? "looking…"
      : fresh.state === "live"
        ? `live, ${age(fresh.age)} ago`
        : fresh.age === null
          ? "no picture"
          : `${age(fresh.age)} old`;
  return (
    <span
      title="When the Docker engine last answered, as shown on this page"
      className="num flex items-center gap-[7px] whitespace-nowrap text-ink-2 text-sm"
    >
      <span aria-hidden className={clsx("size-2 rounded-full", dot[fresh.state])} />
      <span className="min-w-[7.2em]">{words}</span>
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
        {fresh.why} It is tried again by itself.
      </p>
    </div>
  );
}
