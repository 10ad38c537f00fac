// The tags of one repository, newest first; one of them can be shown in full.
import { clsx } from "clsx";
import { ArrowUp, ChevronRight, EllipsisVertical, Link2, Rocket, Trash2 } from "lucide-react";
import type { Tag } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { copyText } from "@/components/CopyButton";
import { Digest } from "@/components/Digest";
import { LazyMenu } from "@/components/LazyMenu";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { ServiceLinks } from "@/components/ServiceLinks";
import { Badge } from "@/components/StatusBadge";
import { VirtualBody } from "@/components/VirtualBody";
import { useDeploy } from "@/hooks/useApi";
import { useMay } from "@/hooks/usePermissions";
import { bytes } from "@/lib/format";
import { barred, barredEntry } from "@/lib/permissions";
import { lagging, platformWord } from "@/lib/tags";
import { TagDetails } from "./TagDetails";

const tracks =
  "@4xl:grid-cols-[1.25rem_minmax(8rem,1.3fr)_8.5rem_minmax(7rem,0.9fr)_5rem_6.5rem_minmax(9rem,1.2fr)_2rem]";
const heading = "text-left font-semibold text-ink-3 text-xs";

interface Props {
  tags: readonly Tag[];
  /** `host/name`, what stands before the tag. */
  image: string;
  /** The services in the swarm. */
  live: ReadonlySet<string>;
  opened: string | undefined;
  onOpen: (tag: string | undefined) => void;
  onDelete: (tag: Tag) => void;
}

export function TagTable({ tags, image, live, opened, onOpen, onDelete }: Props) {
  return (
    <table className="block" aria-rowcount={tags.length + 1}>
      <caption className="sr-only">Tags</caption>
      <thead className="block @max-4xl:sr-only">
        <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
          <th scope="col" className={heading}>
            <span className="sr-only">Details</span>
          </th>
          {["Tag", "Digest", "Platforms", "Size", "Created", "Used by"].map((word) => (
            <th
              key={word}
              scope="col"
              className={clsx(heading, word === "Size" && "text-right", word === "Created" && "pl-2")}
            >
              {word}
            </th>
          ))}
          <th scope="col" className={heading}>
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <VirtualBody items={tags} estimate={43} keyOf={({ name }) => name}>
        {(tag, { index, ref }) => (
          <TagRow
            key={tag.name}
            tag={tag}
            image={image}
            live={live}
            index={index}
            place={ref}
            open={opened === tag.name}
            onOpen={onOpen}
            onDelete={onDelete}
          />
        )}
      </VirtualBody>
    </table>
  );
}

interface RowProps extends Pick<Props, "image" | "live" | "onOpen" | "onDelete"> {
  tag: Tag;
  index: number;
  place: ((row: HTMLElement | null) => void) | undefined;
  open: boolean;
}

function TagRow({ tag, image, live, index, place, open, onOpen, onDelete }: RowProps) {
  const behind = lagging(tag, live);
  const mayNotDelete = useMay()("edit");
  const reference = `${image}:${tag.name}`;
  const cell = "flex min-w-0 items-center";
  const toggle = () => onOpen(open ? undefined : tag.name);
  return (
    <tr
      ref={place}
      data-index={index}
      aria-rowindex={index + 2}
      className={clsx(
        "grid grid-cols-[1.25rem_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 border-line border-b px-4 py-1.5 last:border-b-0",
        "@4xl:min-h-[43px]",
        open ? "bg-bg" : "focus-within:bg-bg hover:bg-bg",
        tracks,
      )}
    >
      <td className={cell}>
        <IconButton
          label={`${open ? "Hide" : "Show"} details of ${tag.name}`}
          aria-expanded={open}
          onClick={toggle}
          className="-ml-1.5"
        >
          <ChevronRight className={clsx("transition-transform", open && "rotate-90")} />
        </IconButton>
      </td>
      <th scope="row" className={clsx(cell, "gap-2 text-left font-normal")}>
        <button
          type="button"
          title={reference}
          onClick={toggle}
          tabIndex={-1}
          className="truncate font-medium font-mono text-[13px] hover:text-accent"
        >
          {tag.name}
        </button>
        {tag.newer_than_deployed && (
          <Badge tone="move" icon={ArrowUp} word="newer" title="Newer than deployed" />
        )}
      </th>
      <td className={clsx(cell, "@max-4xl:hidden")}>
        <Digest digest={tag.digest} label={`Copy digest of ${tag.name}`} />
      </td>
      <td className={clsx(cell, "@max-4xl:hidden")}>
        <Platforms tag={tag} />
      </td>
      <td className={clsx(cell, "num justify-end whitespace-nowrap text-ink-2 text-sm @max-4xl:hidden")}>
        {tag.size === null ? <span className="text-ink-3">–</span> : bytes(tag.size)}
      </td>
      <td className={clsx(cell, "num whitespace-nowrap text-ink-2 text-sm @4xl:pl-2 @max-4xl:justify-end")}>
        {tag.size !== null && <span className="@4xl:hidden">{bytes(tag.size)},&nbsp;</span>}
        <RelativeTime at={tag.created} />
      </td>
      <td
        className={clsx(
          cell,
          "min-h-7 flex-wrap gap-x-3 gap-y-1 text-sm @max-4xl:col-start-2 @max-4xl:row-start-2",
        )}
      >
        <ServiceLinks names={[...new Set(tag.used_by.map(({ service }) => service))]} none="no service" />
        {behind.map((service) => (
          <DeployButton key={service} service={service} />
        ))}
      </td>
      <td className="flex justify-end @max-4xl:col-start-3 @max-4xl:row-start-2">
        <LazyMenu
          trigger={
            <IconButton label={`More for ${tag.name}`}>
              <EllipsisVertical />
            </IconButton>
          }
          groups={[
            [
              {
                label: "Copy pull command",
                icon: <Link2 />,
                onSelect: () => void copyText(`docker pull ${reference}`),
              },
              {
                label: "Copy reference with digest",
                icon: <Link2 />,
                disabled: tag.digest === null,
                onSelect: () => void copyText(`${reference}@${tag.digest}`),
              },
            ],
            [
              {
                label: "Delete",
                icon: <Trash2 />,
                danger: true,
                disabled: tag.digest === null,
                onSelect: () => onDelete(tag),
                ...barredEntry(mayNotDelete),
              },
            ],
          ]}
        />
      </td>
      {tag.problem !== null && (
        <td className="col-span-full min-w-0 pb-1 text-sm text-warn-ink @4xl:col-start-2 [overflow-wrap:anywhere]">
          <Said>{tag.problem}</Said>
        </td>
      )}
      {open && (
        <td className="col-span-full min-w-0 pt-2 pb-3 @4xl:col-start-2">
          <TagDetails tag={tag} image={image} />
        </td>
      )}
    </tr>
  );
}

function Platforms({ tag }: { tag: Tag }) {
  const words = tag.platforms.map(platformWord);
  if (words.length === 0) return <span className="text-ink-3">–</span>;
  return (
    <span title={words.join("\n")} className="flex min-w-0 gap-1.5 text-ink-2 text-sm">
      <span className="truncate">{words[0]}</span>
      {words.length > 1 && <span className="num shrink-0 text-ink-3">+{words.length - 1}</span>}
    </span>
  );
}

/** The service runs what the tag was before; a deploy brings it to what the tag is now. */
function DeployButton({ service }: { service: string }) {
  const deploy = useDeploy(service);
  const mayNot = useMay()("operate");
  return (
    <Button
      size="sm"
      busy={deploy.isPending}
      title={`${service} runs an older image than this tag is now`}
      onClick={() => deploy.mutate({})}
      {...barred(mayNot)}
    >
      {!deploy.isPending && <Rocket aria-hidden className="size-3.5" />}
      Deploy {service}
    </Button>
  );
}
