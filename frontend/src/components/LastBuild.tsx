import { Link } from "@tanstack/react-router";
import type { BuildSummary } from "@/api/types";
import { RelativeTime } from "./RelativeTime";
import { BuildBadge } from "./StatusBadge";

/** How the newest build ended or how far it is, as the way to it. */
export function LastBuild({ build }: { build: BuildSummary | null }) {
  if (build === null) return <span className="text-ink-3 text-sm">never built</span>;
  return (
    <Link
      to="/builds/$id"
      params={{ id: build.id }}
      className="flex min-w-0 items-center gap-2 text-ink-2 text-sm hover:underline"
    >
      <BuildBadge state={build.state} />
      <RelativeTime at={build.finished_at ?? build.created_at} className="num truncate" />
    </Link>
  );
}
