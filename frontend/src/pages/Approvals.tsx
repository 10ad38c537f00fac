import { Link } from "@tanstack/react-router";
import { Eye, ShieldCheck } from "lucide-react";
import { useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import { buttonClass } from "@/components/Button";
import { Keys } from "@/components/Keys";
import { Card, PageTitle } from "@/components/Layout";
import { ShowMore } from "@/components/ShowMore";
import { EmptyState, Hint, ProblemState, SkeletonRows } from "@/components/States";
import { History } from "@/features/approvals/History";
import { useCards } from "@/features/approvals/useCards";
import { WaitingCard } from "@/features/approvals/WaitingCard";
import { useApprovals } from "@/hooks/useApprovals";
import { useKeys } from "@/hooks/useKeys";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import { useWaiting } from "@/hooks/useWaiting";
import { plural } from "@/lib/format";

const FIRST = 50;

export function Approvals() {
  usePageTitle("Approvals");
  const [limit, setLimit] = useState(FIRST);
  const waiting = useWaiting();
  const all = useApprovals(limit);
  const { cards, history } = useCards(waiting.data, all.data);
  const mayNot = useMay()("operate");
  const list = useRef<HTMLUListElement>(null);
  useCardKeys(list);
  const count = waiting.data?.total;
  const problem = waiting.error ?? all.error;
  const retry = () => {
    void waiting.refetch();
    void all.refetch();
  };
  return (
    <>
      <PageTitle
        title="Approvals"
        sub={
          count === undefined
            ? "what agents want to do and you decide about"
            : count === 0
              ? "nothing waits"
              : `${plural(count, "act")} ${count === 1 ? "waits" : "wait"} for a person`
        }
      />
      {waiting.data === undefined || all.data === undefined ? (
        <div className="card overflow-hidden">
          {problem === null ? (
            <SkeletonRows rows={4} label="Loading approvals" />
          ) : (
            <ProblemState problem={asProblem(problem)} onRetry={retry} />
          )}
        </div>
      ) : (
        <div className="flex flex-col gap-4">
          {mayNot !== null && cards.length > 0 && (
            <Hint icon={Eye}>You may look at what waits, but not decide. {mayNot}</Hint>
          )}
          {cards.length > 0 && (
            <section aria-label="Waiting">
              <ul ref={list} className="flex flex-col gap-3">
                {cards.map(({ approval, waits }) => (
                  <WaitingCard
                    key={approval.id}
                    approval={approval}
                    waits={waits}
                    readAt={waiting.dataUpdatedAt}
                    mayNot={mayNot}
                  />
                ))}
              </ul>
              {mayNot === null && (
                <p className="mt-2 flex flex-wrap items-center gap-1.5 text-ink-3 text-sm max-md:hidden">
                  <Keys>j</Keys> <Keys>k</Keys> go from one to the next, <Keys>a</Keys> approves and{" "}
                  <Keys>r</Keys> refuses the one you are at.
                </p>
              )}
            </section>
          )}
          {history.length > 0 ? (
            <Card title="Decided" sub="or run out; nothing is ever removed">
              <History approvals={history} />
              <ShowMore
                shown={all.data.items.length}
                total={all.data.total}
                limit={limit}
                onLimit={setLimit}
                busy={all.isPlaceholderData}
              />
            </Card>
          ) : (
            cards.length === 0 && <Nothing />
          )}
        </div>
      )}
    </>
  );
}

function Nothing() {
  const mayConnect = useMay()("admin") === null;
  return (
    <div className="card">
      <EmptyState
        icon={ShieldCheck}
        title="No agent asked for anything yet"
        action={
          mayConnect && (
            <Link to="/connect-agent" className={buttonClass("primary")}>
              Connect an agent
            </Link>
          )
        }
      >
        <p>
          An agent whose token has to ask may look and do small things by itself. What ends something, cannot
          be taken back or reaches far, such as stopping a service or draining a node, is not done: it comes
          here, with what it would do, and waits an hour for a person.
        </p>
        <p>Only people who are signed in decide. No token can approve, not even the agent’s own.</p>
      </EmptyState>
    </div>
  );
}

/** Keys act on the card that has the focus, never on one by its place. */
function useCardKeys(list: React.RefObject<HTMLUListElement | null>) {
  const at = () => document.activeElement?.closest<HTMLElement>("[data-approval]") ?? null;
  const move = (by: number) => {
    const cards = [...(list.current?.querySelectorAll<HTMLElement>("[data-approval]") ?? [])];
    const here = cards.findIndex((card) => card.contains(document.activeElement));
    const next = here === -1 ? 0 : Math.min(cards.length - 1, Math.max(0, here + by));
    cards[next]?.focus();
  };
  const answer = (key: string) => () =>
    at()?.querySelector<HTMLButtonElement>(`[data-answer=${key}]`)?.click();
  useKeys(
    [
      { key: "j", label: "The next that waits", run: () => move(1) },
      { key: "k", label: "The one before", run: () => move(-1) },
      { key: "a", label: "Approve the one you are at", run: answer("a") },
      { key: "r", label: "Refuse the one you are at", run: answer("r") },
    ],
    "Approvals",
  );
}
