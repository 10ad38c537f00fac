// Builds, newest first, each with how it ended; used wherever builds of something are listed.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { Build } from "@/api/types";
import { useNow } from "@/hooks/useNow";
import { duration, tookSeconds } from "@/lib/buildTimes";
import { isBuildFinal } from "@/lib/status";
import { Digest } from "./Digest";
import { RelativeTime } from "./RelativeTime";
import { Said } from "./Said";
import { BuildBadge } from "./StatusBadge";

export function BuildTook({ build }: { build: Pick<Build, "created_at" | "started_at" | "finished_at"> }) {
  const now = useNow(1_000);
  const seconds = tookSeconds(build, now);
  if (build.finished_at === null && build.started_at === null) return <>waits {duration(seconds, true)}</>;
  return <>{duration(seconds, build.finished_at === null)}</>;
}

/** The tag is the first to go where there is less room; below that a build has two lines. */
const withService = [
  "@3xl:grid-cols-[8.25rem_minmax(8rem,1.2fr)_8.5rem_5rem_minmax(8rem,1fr)]",
  "@5xl:grid-cols-[8.25rem_minmax(9rem,1.2fr)_minmax(12.5rem,1fr)_8.5rem_5rem_minmax(9rem,0.8fr)]",
].join(" ");
/** Where all are of one service, the tag is what a build is called. */
const byTag = "@3xl:grid-cols-[8.25rem_minmax(12.5rem,1.2fr)_8.5rem_5rem_minmax(8rem,1fr)]";
const heading = "text-left font-semibold text-ink-3 text-xs";

export function BuildList({ builds, named }: { builds: readonly Build[]; named: boolean }) {
  const columns = ["State", ...(named ? ["Service", "Tag"] : ["Build"]), "Digest", "Took", "Begun"];
  const tracks = named ? withService : byTag;
  return (
    <table className="block">
      <caption className="sr-only">Builds</caption>
      <thead className="block @max-3xl:sr-only">
        <tr className={clsx("grid gap-x-3 border-line border-b px-4 py-2", tracks)}>
          {columns.map((word) => (
            <th key={word} scope="col" className={clsx(heading, word === "Tag" && "@max-5xl:hidden")}>
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="block">
        {builds.map((build) => (
          <Row key={build.id} build={build} named={named} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ build, named }: { build: Build; named: boolean }) {
  const { state, position, cause } = build;
  const cell = "flex min-w-0 items-center";
  return (
    <tr
      className={clsx(
        "grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 border-line border-b px-4 py-2 last:border-b-0",
        "focus-within:bg-bg hover:bg-bg @3xl:min-h-[41px] @3xl:py-1.5",
        named ? withService : byTag,
      )}
    >
      <td className={clsx(cell, "@max-3xl:col-start-2 @max-3xl:row-start-1 @max-3xl:justify-end")}>
        <BuildBadge state={state} title={position === null ? undefined : `Number ${position} in the queue`} />
      </td>
      <th scope="row" className={clsx(cell, "text-left font-normal @max-3xl:row-start-1")}>
        <Link
          to="/builds/$id"
          params={{ id: build.id }}
          title={named ? `Build of ${build.service} from ${build.project}` : build.id}
          className={clsx(
            "truncate hover:text-accent hover:underline",
            named ? "font-semibold" : "font-medium font-mono text-[13px]",
          )}
        >
          {named ? build.service : tagOnly(build.tag)}
        </Link>
        {named && build.project !== build.service && (
          <span className="ml-2 truncate text-ink-3 text-sm @max-3xl:hidden">from {build.project}</span>
        )}
      </th>
      {named && (
        <td className={clsx(cell, "@max-5xl:hidden")}>
          <span
            title={`${build.image}\n${build.tag}`}
            className="truncate font-mono text-[12.5px] text-ink-2"
          >
            {tagOnly(build.tag)}
          </span>
        </td>
      )}
      <td className={clsx(cell, "@max-3xl:hidden")}>
        <Digest digest={build.digest} />
      </td>
      <td className={clsx(cell, "num whitespace-nowrap text-ink-2 text-sm @max-3xl:hidden")}>
        <BuildTook build={build} />
      </td>
      <td className={clsx(cell, "gap-1 text-ink-3 text-sm @max-3xl:col-span-full")}>
        <span className="num whitespace-nowrap @3xl:hidden">
          <BuildTook build={build} />,
        </span>
        <RelativeTime at={build.created_at} className="num whitespace-nowrap" />
        <span className="truncate">by {build.actor}</span>
      </td>
      {cause !== null && cause !== "" && isBuildFinal(state) && (
        <td className="col-span-full min-w-0 text-ink-2 text-sm @3xl:col-start-2 @3xl:pb-1 [overflow-wrap:anywhere]">
          <Said>{cause}</Said>
        </td>
      )}
    </tr>
  );
}

/** Of `host/name:tag` the tag; a tag alone is itself. */
export const tagOnly = (tag: string) => tag.slice(tag.lastIndexOf(":") + 1);
