// One act that waits: who asks, what it would do, and the two answers.
import { Link } from "@tanstack/react-router";
import { Check, Timer, X } from "lucide-react";
import { useId, useRef } from "react";
import { asProblem } from "@/api/problem";
import type { Approval } from "@/api/types";
import { Button } from "@/components/Button";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { ProblemNote } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useDecide } from "@/hooks/useApprovals";
import { useNow } from "@/hooks/useNow";
import { actOf, approvalMeaning, countdown, plainly, secondsLeft } from "@/lib/approvals";
import { placeOf } from "@/lib/audit";
import { asSentence, whenExactly } from "@/lib/format";
import { Arguments } from "./Arguments";
import { Asking } from "./Asking";

interface Props {
  approval: Approval;
  waits: boolean;
  /** When the approval was read: its time left counts from there. */
  readAt: number;
  /** Why whoever looks may not decide; null when they may. */
  mayNot: string | null;
}

export function WaitingCard({ approval, waits, readAt, mayNot }: Props) {
  const decide = useDecide();
  const card = useRef<HTMLLIElement>(null);
  const title = useId();
  const now = useNow(1_000);
  const left = secondsLeft(approval, readAt, now);
  const open = waits && left > 0;
  const act = actOf(approval);
  const answer = (yes: boolean) =>
    decide.mutate(
      { id: approval.id, yes },
      // The button that was pressed goes away; whoever uses the keyboard goes on from here.
      { onSettled: () => card.current?.focus() },
    );
  const problem = decide.error === null ? null : asProblem(decide.error);
  return (
    <li
      ref={card}
      data-approval={approval.id}
      tabIndex={-1}
      aria-labelledby={title}
      className="card flex scroll-mt-20 flex-col gap-3 px-4 py-3.5 focus:border-accent"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Asking approval={approval} />
        <span className="num text-ink-3 text-sm">
          asked <RelativeTime at={approval.created_at} />
        </span>
        <span className="ml-auto">
          {open ? (
            <Left approval={approval} seconds={left} />
          ) : (
            <Verdict approval={approval} over={left === 0} />
          )}
        </span>
      </div>
      <div>
        <h2 id={title} className="font-semibold text-lg tracking-tight [overflow-wrap:anywhere]">
          <span className="sr-only">{plainly(approval.actor)} wants to: </span>
          <Act approval={approval} />
        </h2>
        {approval.effect !== "" && (
          <p className="mt-0.5 font-medium text-warn-ink [overflow-wrap:anywhere]">
            <Said>{asSentence(plainly(approval.effect))}</Said>
          </p>
        )}
        <p className="mt-0.5 text-ink-2 text-sm [overflow-wrap:anywhere]">
          You are asked because <Said>{plainly(approval.reason)}</Said>.
        </p>
      </div>
      <Arguments approval={approval} />
      {open && mayNot === null && (
        <div className="flex flex-wrap items-center gap-2">
          <Button
            look="primary"
            data-answer="a"
            aria-label={`Approve: ${act}`}
            busy={decide.isPending && decide.variables.yes}
            disabled={decide.isPending}
            onClick={() => answer(true)}
          >
            <Check aria-hidden className="size-4" />
            Approve
          </Button>
          <Button
            data-answer="r"
            aria-label={`Refuse: ${act}`}
            busy={decide.isPending && !decide.variables.yes}
            disabled={decide.isPending}
            onClick={() => answer(false)}
          >
            <X aria-hidden className="size-4" />
            Refuse
          </Button>
          <p className="text-ink-3 text-sm max-sm:w-full sm:ml-2">
            A yes is for exactly this, once, within 15 minutes. A no stands as long.
          </p>
        </div>
      )}
      {problem !== null && <ProblemNote problem={problem} />}
    </li>
  );
}

function Act({ approval }: { approval: Approval }) {
  // Of several at once none is the place to look.
  const place = approval.target.includes(", ") ? null : placeOf(approval);
  const words = actOf(approval);
  const target = plainly(approval.target);
  const verb = words.slice(0, words.length - target.length);
  const shown = verb.charAt(0).toUpperCase() + verb.slice(1);
  return (
    <>
      {shown}
      {place === null || target === "" ? (
        <bdi>{target}</bdi>
      ) : (
        <Link {...place} className="underline decoration-line-strong underline-offset-4 hover:text-accent">
          <bdi>{target}</bdi>
        </Link>
      )}
    </>
  );
}

function Left({ approval, seconds }: { approval: Approval; seconds: number }) {
  return (
    <span
      title={`Until ${whenExactly(approval.expires_at)}`}
      className={`num flex items-center gap-1.5 text-sm ${seconds < 300 ? "font-semibold text-bad-ink" : "text-ink-2"}`}
    >
      <Timer aria-hidden className="size-4" />
      <span>
        expires in <time>{countdown(seconds)}</time>
      </span>
    </span>
  );
}

function Verdict({ approval, over }: { approval: Approval; over: boolean }) {
  const { state, decided_by: by } = approval;
  // Between two readings it may be known only that it waits no more.
  if (state === "pending") return <Badge tone="off" word={over ? "expired" : "decided"} />;
  return (
    <span role="status" className="flex flex-wrap items-center gap-2">
      <Badge {...approvalMeaning(approval)} />
      {by !== null && <span className="text-ink-3 text-sm">by {by}</span>}
    </span>
  );
}
