// What was decided, or ran out, newest first.
import { clsx } from "clsx";
import type { Approval } from "@/api/types";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { Badge } from "@/components/StatusBadge";
import { actOf, approvalMeaning, plainly } from "@/lib/approvals";
import { Arguments } from "./Arguments";
import { Asking } from "./Asking";

const tracks = "@3xl:grid-cols-[11.5rem_minmax(12rem,2fr)_minmax(10rem,1.3fr)_minmax(8rem,auto)]";

export function History({ approvals }: { approvals: readonly Approval[] }) {
  return (
    <ul aria-label="Decided approvals" className="@container">
      {approvals.map((approval) => (
        <Row key={approval.id} approval={approval} />
      ))}
    </ul>
  );
}

function Row({ approval }: { approval: Approval }) {
  return (
    <li className="border-line border-b last:border-b-0">
      <details className="group/approval">
        <summary
          className={clsx(
            "grid cursor-pointer list-none grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-0.5 px-4 py-2 hover:bg-bg",
            tracks,
          )}
        >
          <span className="flex @max-3xl:order-2 @max-3xl:justify-end">
            <Badge {...approvalMeaning(approval)} />
          </span>
          <bdi className="truncate font-medium @max-3xl:order-1">{actOf(approval)}</bdi>
          <span className="min-w-0 @max-3xl:order-3">
            <Asking approval={approval} />
          </span>
          <span className="num whitespace-nowrap text-right text-ink-3 text-sm @max-3xl:order-4">
            {approval.decided_by !== null && `${approval.decided_by}, `}
            <RelativeTime at={approval.decided_at ?? approval.expires_at} />
          </span>
        </summary>
        <div className="flex flex-col gap-2 px-4 pt-1 pb-3">
          <p className="text-ink-2 text-sm [overflow-wrap:anywhere]">
            {approval.effect !== "" && (
              <>
                <Said>{plainly(approval.effect)}</Said>;{" "}
              </>
            )}
            <Said>{plainly(approval.reason)}</Said>
          </p>
          <Arguments approval={approval} />
          <p className="num text-ink-3 text-sm">
            <span className="font-mono text-xs">{approval.id}</span>, asked{" "}
            <RelativeTime at={approval.created_at} />
            {approval.used_at !== null && (
              <>
                , done <RelativeTime at={approval.used_at} />
              </>
            )}
          </p>
        </div>
      </details>
    </li>
  );
}
