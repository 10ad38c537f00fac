// How much is under way; opens what it is, and how one's own acts ended.
import { Activity } from "lucide-react";
import { useInFlight } from "@/hooks/useActivity";
import { plural } from "@/lib/format";
import { setOverlay } from "@/lib/overlays";
import { keyWords } from "./Keys";

/** As many as the dashboard asks for, so that both ask once. */
const MOST = 6;

export default function JobsButton() {
  const { data } = useInFlight(MOST);
  const count = data?.total ?? 0;
  const words = count === 0 ? "Nothing is under way" : `${plural(count, "rollout")} under way`;
  return (
    <button
      type="button"
      aria-label={words}
      aria-haspopup="dialog"
      title={`${words} (${keyWords("g j")})`}
      onClick={() => setOverlay("jobs")}
      className="relative grid size-7 shrink-0 place-items-center rounded-md text-ink-3 transition-colors hover:bg-sunken hover:text-ink"
    >
      <Activity aria-hidden className="size-4" />
      {count > 0 && (
        <span
          aria-hidden
          className="num absolute -top-1 -right-1 grid h-4 min-w-4 place-items-center rounded-full bg-accent px-1 font-bold text-[10px] text-accent-ink"
        >
          {count > 99 ? "99+" : count}
        </span>
      )}
    </button>
  );
}
