// Who asks, as we know it and as it says itself.
import { Bot, User } from "lucide-react";
import type { Approval } from "@/api/types";
import { plainly } from "@/lib/approvals";

export function Asking({ approval: { actor, actor_kind: kind, client } }: { approval: Approval }) {
  const Icon = kind === "user" ? User : Bot;
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
      <span className="sr-only">{kind === "user" ? "Person" : "Token"}</span>
      <bdi className="truncate font-semibold">{plainly(actor)}</bdi>
      {client !== "" && (
        <span
          title="The program it speaks through, in its own words"
          className="min-w-0 shrink-[99] truncate text-ink-3 text-sm"
        >
          through <bdi>{plainly(client)}</bdi>
        </span>
      )}
    </span>
  );
}
