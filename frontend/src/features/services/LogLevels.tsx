// The levels that lines say, how many of each are held, and which of them are wanted.
import { clsx } from "clsx";
import { Bug, CircleAlert, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import { type LogLevel, logLevels } from "@/lib/logLevel";

const faces: Record<LogLevel, { word: string; icon: LucideIcon; ink: string }> = {
  error: { word: "Error", icon: CircleAlert, ink: "text-bad-ink" },
  warn: { word: "Warn", icon: TriangleAlert, ink: "text-warn-ink" },
  info: { word: "Info", icon: Info, ink: "text-move-ink" },
  debug: { word: "Debug", icon: Bug, ink: "text-off-ink" },
};

interface Props {
  counts: readonly number[];
  levels: readonly LogLevel[];
  onLevels: (levels: string) => void;
}

export function LogLevels({ counts, levels, onLevels }: Props) {
  return (
    <fieldset aria-label="Levels" className="flex flex-wrap items-center gap-1">
      {logLevels.map((level, at) => {
        const { word, icon: Icon, ink } = faces[level];
        const count = counts[at] ?? 0;
        const on = levels.includes(level);
        const next = logLevels.filter((each) => (each === level ? !on : levels.includes(each)));
        return (
          <button
            key={level}
            type="button"
            aria-pressed={on}
            onClick={() => onLevels(next.join(","))}
            className={clsx(
              "num inline-flex items-center gap-1.5 rounded-full border px-2 py-[2px] text-sm transition-colors max-sm:py-1.5",
              on
                ? "border-accent bg-accent-soft text-ink"
                : "border-line text-ink-2 hover:border-line-strong hover:text-ink",
              count === 0 && !on && "text-ink-3",
            )}
          >
            <Icon aria-hidden className={clsx("size-3.5", count > 0 ? ink : "text-ink-3")} />
            {word} <span className="text-ink-3 text-xs">{count.toLocaleString("en")}</span>
          </button>
        );
      })}
    </fieldset>
  );
}
