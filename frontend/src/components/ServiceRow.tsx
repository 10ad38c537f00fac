import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { GitCompareArrows } from "lucide-react";
import { type ComponentType, memo } from "react";
import type { Node, Service } from "@/api/types";
import { nodeSpread, portLinks } from "@/lib/serviceList";
import { needsAttention } from "@/lib/status";
import { ImageName } from "./ImageName";
import { RelativeTime } from "./RelativeTime";
import { Said } from "./Said";
import { Slots } from "./Slots";
import { StatusBadge } from "./StatusBadge";

/** Fixed tracks, so that no refetch moves a column; below the container's `4xl` a row has two lines. */
const tracks =
  "@4xl:grid-cols-[minmax(9rem,1.3fr)_11.25rem_8rem_minmax(9rem,1.5fr)_minmax(6.5rem,1.15fr)_5rem_5.25rem_7.5rem]";

export function ServiceHead() {
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <thead className="block @max-4xl:sr-only">
      <tr className={clsx("grid items-center gap-x-3 border-line border-b px-4 py-2", tracks)}>
        {["Service", "Status", "Replicas", "Image", "Nodes", "Ports", "Changed"].map((word) => (
          <th key={word} scope="col" className={heading}>
            {word}
          </th>
        ))}
        <th scope="col" className={heading}>
          <span className="sr-only">Actions</span>
        </th>
      </tr>
    </thead>
  );
}

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

export function Drift({ service }: { service: Service }) {
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

interface ServiceRowProps {
  service: Service;
  nodes: readonly Node[];
  Actions: ComponentType<{ service: Service }>;
}

export const ServiceRow = memo(function ServiceRow({ service, nodes, Actions }: ServiceRowProps) {
  const sentence = needsAttention(service) ? (service.message ?? service.problem?.reason ?? null) : null;
  const cell = "flex min-w-0 items-center";
  return (
    <tr
      className={clsx(
        "relative grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-1 border-line border-b px-4 py-2 last:border-b-0",
        "@4xl:min-h-[41px] @4xl:py-1.5 hover:bg-bg focus-within:bg-bg",
        tracks,
      )}
    >
      <th scope="row" className={clsx(cell, "gap-2 text-left font-normal")}>
        <Link
          to="/services/$name"
          params={{ name: service.name }}
          className="truncate font-semibold hover:text-accent hover:underline"
        >
          {service.name}
        </Link>
      </th>
      <td className={clsx(cell, "@max-4xl:justify-end")}>
        <StatusBadge service={service} />
      </td>
      <td className={clsx(cell, "@max-4xl:col-span-full @max-4xl:row-start-2 @max-4xl:gap-3 @max-4xl:pr-9")}>
        <Slots service={service} />
        <span className="min-w-0 flex-1 @4xl:hidden">
          <ImageName image={service.image} digest={service.digest} />
        </span>
        <span className="@4xl:hidden">
          <Drift service={service} />
        </span>
      </td>
      <td className={clsx(cell, "gap-2 @max-4xl:hidden")}>
        <ImageName image={service.image} digest={service.digest} />
        <Drift service={service} />
      </td>
      <td className={clsx(cell, "@max-4xl:hidden")}>
        <span
          className="line-clamp-2 text-ink-2 text-sm leading-[1.05rem]"
          title={service.nodes.map((node) => `${node.hostname}: ${node.running}`).join("\n") || undefined}
        >
          {nodeSpread(service, nodes.length)}
        </span>
      </td>
      <td className={clsx(cell, "@max-4xl:hidden")}>
        <Ports service={service} nodes={nodes} />
      </td>
      <td className={clsx(cell, "@max-4xl:hidden")}>
        <RelativeTime at={service.updated_at} className="num whitespace-nowrap text-ink-2 text-sm" />
      </td>
      <td className="flex justify-end @max-4xl:col-start-2 @max-4xl:row-start-2">
        <Actions service={service} />
      </td>
      {sentence !== null && (
        <td className="col-span-full min-w-0 text-ink-2 text-sm @4xl:col-start-2 @4xl:-mt-1.5 @4xl:pb-1 @4xl:pl-1.5 [overflow-wrap:anywhere]">
          <Said>{sentence}</Said>
        </td>
      )}
    </tr>
  );
});
