// Where everything runs, in small: nodes that need a look first, a square for each task.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { HealthReport, Service } from "@/api/types";
import { buttonClass } from "@/components/Button";
import { Card } from "@/components/Layout";
import { Bar } from "@/components/Meter";
import { roleWords } from "@/components/NodeCard";
import { plural } from "@/lib/format";
import { type Square, spreadMap, type Tile } from "@/lib/spreadMap";
import { nodeMeaning } from "@/lib/status";
import { counted } from "@/lib/taskMap";
import "@/components/taskSquare.css";

const MOST_SQUARES = 160;
const MOST_TILES = 15;

export function ClusterMap({ report, services }: { report: HealthReport; services: readonly Service[] }) {
  const { tiles, waiting } = spreadMap(report.nodes, services);
  const many = tiles.length > MOST_TILES;
  // Of many nodes those that are not well are shown first.
  const shown = many
    ? [...tiles].sort((a, b) => Number(isWell(a)) - Number(isWell(b))).slice(0, MOST_TILES)
    : tiles;
  return (
    <Card
      title="Where everything runs"
      sub="a square is a task, coloured by its state"
      aside={
        <Link to="/map" className={buttonClass("plain", "sm")}>
          {many ? `All ${tiles.length} nodes` : "Open the map"}
        </Link>
      }
    >
      <div className="grid gap-3 p-4 max-sm:auto-cols-[13rem] max-sm:grid-flow-col max-sm:overflow-x-auto sm:grid-cols-[repeat(auto-fill,minmax(11rem,1fr))]">
        {waiting.length > 0 && (
          <div className="min-h-[92px] rounded-lg border border-line-strong border-dashed p-2.5">
            <span className="flex items-baseline gap-1.5">
              <b className="whitespace-nowrap font-semibold">no node</b>
              <span className="truncate text-ink-3 text-sm">not running</span>
            </span>
            <div className="mt-1.5 h-[5px]" />
            <Squares
              squares={waiting}
              label={`${plural(waiting.length, "task")} wanted and not running: ${counted(waiting)}`}
            />
          </div>
        )}
        {shown.map((tile) => (
          <SmallTile key={tile.node.id} tile={tile} />
        ))}
      </div>
    </Card>
  );
}

const isWell = ({ node }: Tile) => nodeMeaning(node).tone === "ok";

function SmallTile({ tile: { node, squares, reserved, alive } }: { tile: Tile }) {
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
      to="/nodes/$id"
      params={{ id: node.id }}
      className={clsx(
        "block min-h-[92px] rounded-lg border border-line bg-bg p-2.5 transition-colors hover:border-ink-3",
        !alive && "border-dashed",
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
}

function Squares({ squares, label }: { squares: readonly Square[]; label: string }) {
  if (squares.length === 0) return <p className="mt-2 text-ink-3 text-sm">no tasks</p>;
  return (
    <div role="img" aria-label={label} className="mt-2.5 flex flex-wrap gap-1">
      {squares.slice(0, MOST_SQUARES).map(({ service, tone }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a square is its position
        <span key={index} title={service} data-tone={tone} className="task" />
      ))}
      {squares.length > MOST_SQUARES && (
        <span className="num text-ink-3 text-xs">+{squares.length - MOST_SQUARES}</span>
      )}
    </div>
  );
}
