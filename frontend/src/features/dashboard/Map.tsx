// Where everything runs: a square is a task, coloured by its state.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { HealthReport, Service } from "@/api/types";
import { Card } from "@/components/Layout";
import { Bar } from "@/components/Meter";
import { roleWords } from "@/components/NodeCard";
import { toneFill } from "@/components/StatusBadge";
import { plural } from "@/lib/format";
import { nodeMeaning } from "@/lib/status";
import { type Square, taskMap } from "@/lib/taskMap";

const MOST = 160;

function Squares({ squares, label }: { squares: Square[]; label: string }) {
  if (squares.length === 0) return <p className="mt-2 text-ink-3 text-sm">no tasks</p>;
  return (
    <div role="img" aria-label={label} className="mt-2.5 flex flex-wrap gap-1">
      {squares.slice(0, MOST).map(({ service, tone }, index) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: a square is its position
          key={index}
          title={service}
          className={clsx("size-[15px] rounded transition-colors", toneFill[tone])}
        />
      ))}
      {squares.length > MOST && <span className="num text-ink-3 text-xs">+{squares.length - MOST}</span>}
    </div>
  );
}

/** `web 2, api 1`: the squares in words. */
function counted(squares: Square[]): string {
  const counts = new Map<string, number>();
  for (const { service } of squares) counts.set(service, (counts.get(service) ?? 0) + 1);
  return [...counts].map(([service, count]) => `${service} ${count}`).join(", ");
}

export function ClusterMap({ report, services }: { report: HealthReport; services: readonly Service[] }) {
  const { tiles, waiting } = taskMap(report.nodes, services);
  return (
    <Card title="Where everything runs" sub="a square is a task, coloured by its state">
      <div className="grid gap-3 p-4 max-sm:auto-cols-[13rem] max-sm:grid-flow-col max-sm:overflow-x-auto sm:grid-cols-[repeat(auto-fill,minmax(13rem,1fr))]">
        {tiles.map(({ node, squares, reserved, alive }) => {
          const meaning = nodeMeaning(node);
          const words = alive
            ? [
                roleWords(node),
                ...(node.architecture === "amd64" ? [] : [node.architecture]),
                ...(meaning.tone === "ok" ? [] : [meaning.word]),
              ]
            : [meaning.word];
          return (
            <Link
              key={node.id}
              to="/nodes/$id"
              params={{ id: node.id }}
              className={clsx(
                "block min-h-[92px] rounded-lg border border-line bg-bg p-2.5 transition-colors hover:border-ink-3",
                !alive && "border-dashed opacity-80",
              )}
            >
              <span className="flex items-baseline gap-1.5">
                <b className="truncate font-semibold">{node.hostname}</b>
                <span
                  className={clsx(
                    "whitespace-nowrap text-sm",
                    meaning.tone === "bad" ? "text-bad-ink" : "text-ink-3",
                  )}
                >
                  {words.join(", ")}
                </span>
              </span>
              <Bar
                share={alive ? reserved : 0}
                label={`${node.hostname}: ${Math.round(reserved * 100)} % reserved`}
              />
              <Squares squares={squares} label={`${plural(squares.length, "task")}: ${counted(squares)}`} />
            </Link>
          );
        })}
        {waiting.length > 0 && (
          <div className="min-h-[92px] rounded-lg border border-line-strong border-dashed p-2.5">
            <span className="flex items-baseline gap-1.5">
              <b className="font-semibold">no node</b>
              <span className="text-ink-3 text-sm">wanted, not running</span>
            </span>
            <div className="mt-1.5 h-[5px]" />
            <Squares
              squares={waiting}
              label={`${plural(waiting.length, "task")} wanted and not running: ${counted(waiting)}`}
            />
          </div>
        )}
      </div>
    </Card>
  );
}
