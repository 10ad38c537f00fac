// Says that an agent began to wait for a person, until that person looked, decided, or it is over.
import { Link, useLocation } from "@tanstack/react-router";
import { Hand } from "lucide-react";
import { useApprovalNews } from "@/hooks/useApprovalNews";
import { actOf, plainly } from "@/lib/approvals";
import { buttonClass } from "./Button";
import { NoticeFrame } from "./NoticeFrame";

export default function ApprovalNotice() {
  const looking = useLocation({ select: ({ pathname }) => pathname === "/approvals" });
  const { news, dismiss } = useApprovalNews(looking);
  const [newest, ...others] = news;
  if (newest === undefined) return null;
  return (
    <NoticeFrame
      onDismiss={dismiss}
      act={
        <Link to="/approvals" className={buttonClass("plain", "sm")}>
          Look
        </Link>
      }
    >
      <div className="flex gap-2.5 py-0.5">
        <Hand aria-hidden className="mt-0.5 size-4 shrink-0 text-wait-ink" />
        <div>
          <p className="font-medium">
            {plainly(newest.actor)} wants to {actOf(newest)}
          </p>
          <p className="text-ink-2 text-sm">
            {others.length === 0
              ? "It waits for your decision."
              : `It and ${others.length} more wait for your decision.`}
          </p>
        </div>
      </div>
    </NoticeFrame>
  );
}
