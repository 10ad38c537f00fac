import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { GitCompareArrows } from "lucide-react";
import { type ComponentType, memo, type ReactNode } from "react";
import type { Node, Service } from "@/api/types";
import type { Column } from "@/lib/listView";
import { nodeSpread, portLinks } from "@/lib/serviceList";
import { needsAttention } from "@/lib/status";
import { BuildMark, isMarked } from "./BuildMark";
import { ImageName } from "./ImageName";
import { RelativeTime } from "./RelativeTime";
import { Replicas } from "./Replicas";
import { Said } from "./Said";
import { StatusBadge } from "./StatusBadge";

export function Ports({ service, nodes }: { service: Service; nodes: readonly Node[] }) {
  const links = portLinks(service, nodes);
  if (links.length === 0) return <span className="text-ink-3">–</span>;
  return (
    <span className="flex min-w-0 flex-wrap gap-x-2 font-mono text-[12.5px]">
      {links.map(({ label, title, href }) =>
        href === null ? (
          <span key={title} title={title} className="text-ink-2">
            {label}
          </span>
        ) : (
          <a
            key={title}
            href={href}
            title={`${href}\n${title}`}
            target="_blank"
            rel="noreferrer"
            className="text-accent underline decoration-accent/40 underline-offset-2 hover:decoration-accent"
          >
            {label}
          </a>
        ),
      )}
    </span>
  );
}

function Drift({ service }: { service: Service }) {
  if (!service.drift) return null;
  const title =
    service.drift_paths.length > 0
      ? `The swarm runs something else than revision ${service.revision} says: ${service.drift_paths.join(", ")}`
      : `The swarm runs something else than revision ${service.revision} says`;
  return (
    <span title={title} className="inline-flex items-center gap-1 whitespace-nowrap text-ink-3 text-xs">
      <GitCompareArrows aria-hidden className="size-3" />
      drifted
    </span>
  );
}

interface CellProps {
  service: Service;
  nodes: readonly Node[];
}

const small = "truncate text-ink-2 text-sm";

const cells: Record<Exclude<Column, "status" | "replicas">, (props: CellProps) => ReactNode> = {
  image: ({ service }) => (
    <>
      <ImageName image={service.image} digest={service.digest} brief={isMarked(service.build)} />
      <BuildMark build={service.build} short />
      <Drift service={service} />
    </>
  ),
  nodes: ({ service, nodes }) => (
    <span
      className="line-clamp-2 text-ink-2 text-sm leading-[1.05rem]"
      title={service.nodes.map((node) => `${node.hostname}: ${node.running}`).join("\n") || undefined}
    >
      {nodeSpread(service, nodes.length)}
    </span>
  ),
  ports: ({ service, nodes }) => <Ports service={service} nodes={nodes} />,
  stack: ({ service }) => <span className={small}>{service.stack ?? "–"}</span>,
  mode: ({ service }) => <span className={small}>{service.mode}</span>,
  revision: ({ service }) => <span className={clsx(small, "num")}>{service.revision ?? "–"}</span>,
  changed: ({ service }) => (
    <RelativeTime at={service.updated_at} className="num whitespace-nowrap text-ink-2 text-sm" />
  ),
};

export interface RowPlace {
  index: number;
  ref?: (row: HTMLElement | null) => void;
}

interface ServiceRowProps {
  service: Service;
  nodes: readonly Node[];
  Actions: ComponentType<{ service: Service }>;
  columns: readonly Column[];
  dense: boolean;
  selected: boolean;
  /** `range`: from the one that was chosen last to this one. */
  onSelect: (line: string, range: boolean) => void;
  /** Which line of the list it is: under several groups a service has several. */
  line: string;
  index: number;
  measure: RowPlace["ref"];
}

/** Below the container's `4xl` a row has two lines and no columns. */
export const ServiceRow = memo(function ServiceRow(props: ServiceRowProps) {
  const { service, nodes, Actions, columns, dense, selected, onSelect, line, index, measure } = props;
  const sentence = needsAttention(service) ? (service.message ?? service.problem?.reason ?? null) : null;
  const cell = "flex min-w-0 items-center";
  const has = (column: Column) => columns.includes(column);
  return (
    <tr
      ref={measure}
      data-index={index}
      data-line={line}
      aria-rowindex={index + 2}
      tabIndex={-1}
      className={clsx(
        "group/row relative grid scroll-my-24 grid-cols-[1.125rem_1fr_auto] items-center gap-x-3 gap-y-1 border-line border-b px-4 py-2 last:border-b-0",
        "@4xl:grid-cols-(--tracks) -outline-offset-2 hover:bg-bg focus-within:bg-bg",
        dense ? "@4xl:min-h-[33px] @4xl:py-0.5" : "@4xl:min-h-[41px] @4xl:py-1.5",
        selected && "bg-accent-soft/60! shadow-[inset_2px_0_0_var(--accent)]",
      )}
    >
      <td className="flex">
        <input
          type="checkbox"
          aria-label={`Select ${service.name}`}
          checked={selected}
          onChange={() => undefined}
          onClick={(event) => onSelect(line, event.shiftKey)}
          className="size-[15px] accent-accent"
        />
      </td>
      <th scope="row" className={clsx(cell, "gap-2 text-left font-normal")}>
        <Link
          to="/services/$name"
          params={{ name: service.name }}
          title={service.name}
          className="truncate font-semibold hover:text-accent hover:underline"
        >
          {service.name}
        </Link>
      </th>
      <td className={clsx(cell, "@max-4xl:justify-end", !has("status") && "@4xl:hidden")}>
        <StatusBadge service={service} />
      </td>
      <td
        className={clsx(
          cell,
          "@max-4xl:col-span-2 @max-4xl:col-start-2 @max-4xl:row-start-2 @max-4xl:gap-3 @max-4xl:pr-9",
          !has("replicas") && "@4xl:hidden",
        )}
      >
        <Replicas service={service} />
        <span className="min-w-0 flex-1 @4xl:hidden">
          <ImageName image={service.image} digest={service.digest} />
        </span>
        <span className="flex gap-2 @4xl:hidden">
          <BuildMark build={service.build} short />
          <Drift service={service} />
        </span>
      </td>
      {columns.map((column) => {
        if (column === "status" || column === "replicas") return null;
        const Cell = cells[column];
        return (
          <td key={column} className={clsx(cell, "gap-2 @max-4xl:hidden")}>
            <Cell service={service} nodes={nodes} />
          </td>
        );
      })}
      <td className="flex justify-end @max-4xl:col-start-3 @max-4xl:row-start-2">
        <Actions service={service} />
      </td>
      {sentence !== null && (
        <td className="col-span-full min-w-0 text-ink-2 text-sm @max-4xl:col-start-2 @4xl:col-start-3 @4xl:-mt-1.5 @4xl:pb-1 @4xl:pl-1.5 [overflow-wrap:anywhere]">
          <Said>{sentence}</Said>
        </td>
      )}
    </tr>
  );
});
