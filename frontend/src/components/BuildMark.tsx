// The newest build of a service, as the way to it: said while it goes on and when it failed, not when all is well.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Hammer } from "lucide-react";
import type { Service } from "@/api/types";
import { buildMeaning, isBuildFinal } from "@/lib/status";

/** Whether there is anything to say of it. */
export const isMarked = (build: Service["build"] | undefined) =>
  build != null && build.state !== "succeeded" && build.state !== "cancelled";

export function BuildMark({
  build,
  short = false,
}: {
  build: Service["build"] | undefined;
  short?: boolean;
}) {
  if (build == null || !isMarked(build)) return null;
  const going = !isBuildFinal(build.state);
  const { word } = buildMeaning(build.state);
  const said = going ? word : `build ${word}`;
  return (
    <Link
      to="/builds/$id"
      params={{ id: build.id }}
      aria-label={said}
      title={said}
      className={clsx(
        "inline-flex items-center gap-1 whitespace-nowrap font-medium text-xs hover:underline",
        going ? "text-move-ink" : build.state === "failed" ? "text-bad-ink" : "text-warn-ink",
      )}
    >
      <Hammer aria-hidden className={clsx("size-3", going && "animate-pulse")} />
      {short ? word : said}
    </Link>
  );
}
