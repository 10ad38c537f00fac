import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ScrollText, SearchX } from "lucide-react";
import { asProblem } from "@/api/problem";
import { Button, buttonClass } from "@/components/Button";
import { Choice } from "@/components/Choice";
import { FilterText } from "@/components/FilterText";
import { PageTitle } from "@/components/Layout";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { AuditTable } from "@/features/activity/AuditTable";
import { ExportButton } from "@/features/activity/ExportButton";
import { AUDIT_PAGE, useAudit } from "@/hooks/useActivity";
import { useAhead } from "@/hooks/useAhead";
import { usePageTitle } from "@/hooks/usePageTitle";
import { type ActivitySearch, outcomes } from "@/lib/activitySearch";
import { actionChoices } from "@/lib/audit";
import { changed } from "@/lib/search";

const route = getRouteApi("/shell/activity");

export function Activity() {
  const navigate = useNavigate();
  const address: ActivitySearch = route.useSearch();
  const [search, setSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/activity", search: next, replace: true }),
  );
  const { data, error, refetch } = useAudit(search);
  usePageTitle("Activity");
  const { before, ...filter } = search;
  const set = (change: Record<string, string>) => setSearch(changed(filter, change));
  const filtered = Object.keys(filter).length > 0;
  const last = data?.items.at(-1);
  const more = data !== undefined && data.items.length === AUDIT_PAGE && last !== undefined;
  return (
    <>
      <PageTitle
        title="Activity"
        sub={
          data === undefined
            ? "who did what"
            : `${data.total.toLocaleString("en")} ${filtered ? "entries like that" : "entries, nothing is ever removed"}`
        }
        actions={data !== undefined && data.items.length > 0 ? <ExportButton filter={search} /> : undefined}
      />
      <search aria-label="Filter activity" className="mb-3.5 flex flex-wrap items-center gap-2">
        <FilterText label="Who" value={search.by ?? ""} onChange={(by) => set({ by })} />
        <Choice
          label="Action"
          all="All actions"
          value={search.action}
          values={actionChoices}
          onChoose={(action) => set({ action })}
        />
        <FilterText label="Target" value={search.target ?? ""} onChange={(target) => set({ target })} />
        <Choice
          label="Outcome"
          all="All outcomes"
          value={search.outcome}
          values={outcomes}
          onChoose={(outcome) => set({ outcome })}
        />
      </search>
      <div className="card @container overflow-hidden">
        {data === undefined ? (
          error === null ? (
            <SkeletonRows rows={8} label="Loading activity" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <AuditTable entries={data.items} />
        ) : filtered || before !== undefined ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={
              <Button onClick={() => void navigate({ to: "/activity", search: {} })}>
                Show all activity
              </Button>
            }
          >
            <p>Nobody did or tried anything like that. Names are matched whole.</p>
          </EmptyState>
        ) : (
          <EmptyState icon={ScrollText} title="Nothing done yet">
            <p>
              Everything that somebody does or tries is written down here before it is done: who, from which
              address, to what, and how it ended. Entries are never changed or removed.
            </p>
          </EmptyState>
        )}
      </div>
      {(more || before !== undefined) && (
        <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
          {before === undefined ? (
            <span />
          ) : (
            <Link to="/activity" search={filter} className={buttonClass("plain", "sm")}>
              Newest
            </Link>
          )}
          {more && (
            <Link
              to="/activity"
              search={{ ...filter, before: last.id }}
              className={buttonClass("plain", "sm")}
            >
              Older
            </Link>
          )}
        </nav>
      )}
    </>
  );
}
