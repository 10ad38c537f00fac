// The repositories of one registry.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Repository } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { ServiceLinks } from "@/components/ServiceLinks";
import { VirtualBody } from "@/components/VirtualBody";

const tracks = "@2xl:grid-cols-[minmax(12rem,1.5fr)_5.5rem_minmax(10rem,1.2fr)_2.5rem]";
const heading = "text-left font-semibold text-ink-3 text-xs";

interface Props {
  repositories: readonly Repository[];
  registry: string | undefined;
}

export function RepositoryList({ repositories, registry }: Props) {
  return (
    <table className="block" aria-rowcount={repositories.length + 1}>
      <caption className="sr-only">Repositories</caption>
      <thead className="block @max-2xl:sr-only">
        <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
          {["Repository", "Tags", "Used by"].map((word) => (
            <th key={word} scope="col" className={heading}>
              {word}
            </th>
          ))}
          <th scope="col" className={heading}>
            <span className="sr-only">Copy</span>
          </th>
        </tr>
      </thead>
      <VirtualBody items={repositories} estimate={41} keyOf={({ name }) => name}>
        {(repository, { index, ref }) => (
          <tr
            key={repository.name}
            ref={ref}
            data-index={index}
            aria-rowindex={index + 2}
            className={clsx(
              "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 border-line border-b px-4 py-1.5 last:border-b-0",
              "focus-within:bg-bg hover:bg-bg @2xl:min-h-[41px]",
              tracks,
            )}
          >
            <th scope="row" className="min-w-0 text-left font-normal">
              <Link
                to="/registry/images/$"
                params={{ _splat: repository.name }}
                search={registry === undefined ? {} : { registry }}
                title={repository.image}
                aria-label={repository.name}
                className="block truncate font-medium font-mono text-[13px] hover:text-accent hover:underline"
              >
                <Path name={repository.name} />
              </Link>
            </th>
            <td className="num whitespace-nowrap text-ink-2 text-sm @max-2xl:text-right">
              {repository.tags === null ? (
                <span className="text-ink-3">–</span>
              ) : (
                <>
                  {repository.tags.toLocaleString("en")}
                  <span className="@2xl:sr-only"> {repository.tags === 1 ? "tag" : "tags"}</span>
                </>
              )}
            </td>
            <td className="min-w-0 text-sm @max-2xl:col-start-1">
              <ServiceLinks names={repository.used_by} none="no service" />
            </td>
            <td className="flex justify-end">
              <CopyButton text={repository.image} label={`Copy ${repository.name}`} />
            </td>
          </tr>
        )}
      </VirtualBody>
    </table>
  );
}

/** What comes before the last slash matters less than the name. */
function Path({ name }: { name: string }) {
  const at = name.lastIndexOf("/") + 1;
  return (
    <>
      {at > 0 && <span className="text-ink-3">{name.slice(0, at)}</span>}
      {name.slice(at)}
    </>
  );
}
