// One line of a builder's output: its number, what was said, in the colours it was said in.
import { clsx } from "clsx";
import { memo } from "react";
import { AnsiText } from "@/components/AnsiText";
import type { BuildLogRow } from "@/lib/buildLog";
import { clockTime, plural, whenExactly } from "@/lib/format";

interface Props {
  row: BuildLogRow;
  times: boolean;
  pointed: boolean;
  onPoint: (line: number) => void;
}

export const LogRow = memo(function LogRow({ row, times, pointed, onPoint }: Props) {
  if (row.kind === "gap")
    return (
      <div className="py-0.5 pl-16 text-[#f0c674]">
        — {plural(row.count, "line")} left out: more than is kept —
      </div>
    );
  const { line } = row;
  return (
    <div className={clsx("flex gap-3 px-4 hover:bg-white/5", pointed && "bg-[#f0c674]/15")}>
      <button
        type="button"
        aria-label={`Link to line ${line.n}`}
        title={whenExactly(line.at)}
        tabIndex={-1}
        onClick={() => onPoint(line.n)}
        className="num w-10 shrink-0 self-start select-none text-right text-[#8b95a0] hover:text-white hover:underline"
      >
        {line.n}
      </button>
      {times && <span className="num shrink-0 select-none text-[#8b95a0]">{clockTime(line.at)}</span>}
      <span className={clsx("min-w-0 flex-1", line.error && "text-[#ff8f98]")}>
        <AnsiText text={line.text} />
        {/* An empty line is as high as the others. */}
        {line.text === "" && <br />}
      </span>
    </div>
  );
});
