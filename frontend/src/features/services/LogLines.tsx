// Rows of a log as text; a block whose rows did not change is not drawn again, and not laid out out of sight.
import { memo } from "react";
import { clockTime, whenExactly } from "@/lib/format";
import type { LogBlock, LogRow } from "@/lib/logBuffer";

const hues = ["#5ccfa0", "#8ab4ff", "#f0b429", "#e48bd0", "#6ad3e0", "#c3a6ff", "#f29a76", "#a5d66b"];
const ROW = 20.6;

/** Neighbouring slots differ; tasks named by their node get some colour that stays. */
function hue(task: string): string {
  const slot = Number(task.slice(task.lastIndexOf(".") + 1));
  if (Number.isInteger(slot)) return hues[slot % hues.length] ?? "";
  let sum = 0;
  for (const letter of task) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  return hues[sum % hues.length] ?? "";
}

const level = (text: string) =>
  /\b(ERROR|FATAL|CRITICAL|PANIC)\b/i.test(text.slice(0, 120))
    ? "text-[#ff8f98]"
    : /\bWARN(ING)?\b/i.test(text.slice(0, 120))
      ? "text-[#f0c674]"
      : "";

function Row({ row }: { row: LogRow }) {
  if (row.kind === "note")
    return <div className={row.tone === "warn" ? "text-[#f0c674]" : "text-[#8b95a0]"}>— {row.text} —</div>;
  const { entry, text } = row;
  return (
    <div title={`${whenExactly(entry.time)}, ${entry.node}, ${entry.stream}`}>
      <span className="num text-[#8b95a0] group-data-[times=off]/log:hidden">{clockTime(entry.time)} </span>
      <span style={{ color: hue(entry.task) }}>{entry.task}</span>{" "}
      {entry.stream === "stderr" && <span className="text-[#ff8f98]">err </span>}
      <span className={level(text)}>{text}</span>
    </div>
  );
}

const Block = memo(function Block({ block, last }: { block: LogBlock; last: boolean }) {
  return (
    <div
      style={
        last
          ? undefined
          : { contentVisibility: "auto", containIntrinsicSize: `auto ${block.rows.length * ROW}px` }
      }
    >
      {block.rows.map((row) => (
        <Row key={row.seq} row={row} />
      ))}
    </div>
  );
});

export const LogLines = memo(function LogLines({ blocks }: { blocks: readonly LogBlock[] }) {
  return blocks.map((block, at) => <Block key={block.id} block={block} last={at >= blocks.length - 2} />);
});
