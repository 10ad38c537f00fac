import { Link } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import type { Deployment } from "@/api/types";
import { isFinal } from "@/lib/status";

export const waitsForBuild = ({ phases, state }: Deployment) =>
  !isFinal(state) && phases.at(-1)?.phase === "building";

/** The build whose image it deploys, or waits for. */
export function OfBuild({ deployment }: { deployment: Deployment }) {
  const { build_id: id } = deployment;
  if (id == null) return null;
  return (
    <Link
      to="/builds/$id"
      params={{ id }}
      className="flex items-center gap-1 whitespace-nowrap text-ink-2 text-sm underline decoration-line-strong underline-offset-2 hover:text-accent"
    >
      <Hammer aria-hidden className="size-3.5" />
      {waitsForBuild(deployment) ? "waits for its build" : "from a build"}
    </Link>
  );
}
