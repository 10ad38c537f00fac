import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Rocket, SearchX } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { Button, buttonClass } from "@/components/Button";
import { Choice } from "@/components/Choice";
import { DeploymentList } from "@/components/DeploymentList";
import { FilterText } from "@/components/FilterText";
import { PageTitle } from "@/components/Layout";
import { ShowMore } from "@/components/ShowMore";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { useFilteredDeployments } from "@/hooks/useActivity";
import { useAhead } from "@/hooks/useAhead";
import { usePageTitle } from "@/hooks/usePageTitle";
import {
  type DeploymentsSearch,
  deploymentKinds,
  type StateChoice,
  stateChoices,
  statesOf,
  stateWords,
} from "@/lib/activitySearch";
import { changed } from "@/lib/search";

const route = getRouteApi("/shell/deployments");
const FIRST = 50;
const states = stateChoices.map((one): [StateChoice, string] => [one, stateWords[one] ?? one]);

export function Deployments() {
  const navigate = useNavigate();
  const address: DeploymentsSearch = route.useSearch();
  const [search, setSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/deployments", search: next, replace: true }),
  );
  const [limit, setLimit] = useState(FIRST);
  const { state, ...rest } = search;
  const { data, error, refetch, isPlaceholderData } = useFilteredDeployments(
    { ...rest, ...(state !== undefined && { state: statesOf(state) }) },
    limit,
  );
  usePageTitle("Deployments");
  const set = (change: Record<string, string>) => {
    setLimit(FIRST);
    setSearch(changed(search, change));
  };
  const filtered = Object.keys(search).length > 0;
  return (
    <>
      <PageTitle
        title="Deployments"
        sub={
          data === undefined
            ? undefined
            : `${data.total.toLocaleString("en")} ${filtered ? "like that" : "recorded"}`
        }
      />
      {(filtered || data === undefined || data.items.length > 0) && (
        <div className="mb-3.5 flex flex-wrap items-center gap-2">
          <FilterText label="Service" value={search.service ?? ""} onChange={(service) => set({ service })} />
          <Choice
            label="State"
            all="All states"
            value={state}
            values={states}
            onChoose={(value) => set({ state: value })}
          />
          <Choice
            label="Kind"
            all="All kinds"
            value={search.kind}
            values={deploymentKinds}
            onChoose={(kind) => set({ kind })}
          />
          <FilterText label="Who" value={search.by ?? ""} onChange={(by) => set({ by })} />
        </div>
      )}
      <div className="card overflow-hidden">
        {data === undefined ? (
          error === null ? (
            <SkeletonRows rows={8} label="Loading deployments" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <DeploymentList deployments={data.items} named />
        ) : filtered ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={
              <Button onClick={() => void navigate({ to: "/deployments", search: {} })}>
                Show all deployments
              </Button>
            }
          >
            <p>No recorded change is like that. Names are matched whole.</p>
          </EmptyState>
        ) : (
          <EmptyState
            icon={Rocket}
            title="Nothing changed yet"
            action={
              <Link to="/services" className={buttonClass("plain")}>
                To the services
              </Link>
            }
          >
            <p>
              Each deploy, scale, restart, rollback and stop is recorded here with its verdict: what changed,
              who did it, and why it failed if it did.
            </p>
          </EmptyState>
        )}
        {data !== undefined && (
          <ShowMore
            shown={data.items.length}
            total={data.total}
            limit={limit}
            onLimit={setLimit}
            busy={isPlaceholderData}
          />
        )}
      </div>
    </>
  );
}
