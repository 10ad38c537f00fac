import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Hammer, SearchX } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { BuildState } from "@/api/types";
import { BuildList } from "@/components/BuildList";
import { Button, buttonClass } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { PageTitle } from "@/components/Layout";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { useAhead } from "@/hooks/useAhead";
import { useServices } from "@/hooks/useApi";
import { useBuilds } from "@/hooks/useBuilds";
import { useProjects } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import type { BuildsSearch } from "@/lib/search";
import { buildStates } from "@/lib/status";

const route = getRouteApi("/shell/builds");
const FIRST = 50;
const MOST = 1_000;

export function Builds() {
  const navigate = useNavigate();
  const address: BuildsSearch = route.useSearch();
  const [search, setSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/builds", search: next, replace: true }),
  );
  const [limit, setLimit] = useState(FIRST);
  const { data, error, refetch, isPlaceholderData } = useBuilds(search, limit);
  const { services } = useServices();
  const { data: projects } = useProjects();
  usePageTitle("Builds");
  const set = (change: Partial<Record<keyof BuildsSearch, string>>) => {
    const next = Object.fromEntries(
      Object.entries({ ...search, ...change }).filter(([, value]) => value !== ""),
    ) as BuildsSearch;
    setLimit(FIRST);
    setSearch(next);
  };
  const filtered = Object.keys(search).length > 0;
  const built = (services ?? []).filter(({ build }) => build !== null).map(({ name }) => name);
  return (
    <>
      <PageTitle
        title="Builds"
        sub={
          data === undefined
            ? undefined
            : `${data.total.toLocaleString("en")} ${filtered ? "like that" : "kept"}`
        }
      />
      {(filtered || data === undefined || data.items.length > 0) && (
        <div className="mb-3.5 flex flex-wrap items-center gap-2">
          <Choice
            label="Service"
            all="All services"
            value={search.service}
            values={built}
            onChoose={(service) => set({ service })}
          />
          <Choice
            label="Project"
            all="All projects"
            value={search.project}
            values={(projects?.items ?? []).map(({ name }) => name)}
            onChoose={(project) => set({ project })}
          />
          <Choice
            label="State"
            all="All states"
            value={search.state}
            values={buildStates}
            onChoose={(state) => set({ state: state as BuildState })}
          />
        </div>
      )}
      <div className="card @container overflow-hidden">
        {data === undefined ? (
          error === null ? (
            <SkeletonRows rows={8} label="Loading builds" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )
        ) : data.items.length > 0 ? (
          <BuildList builds={data.items} named />
        ) : filtered ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={
              <Button onClick={() => void navigate({ to: "/builds", search: {} })}>Show all builds</Button>
            }
          >
            <p>No build that is kept is like that.</p>
          </EmptyState>
        ) : (
          <EmptyState
            icon={Hammer}
            title="Nothing built yet"
            action={
              <Link to="/projects" className={buttonClass("plain")}>
                To the projects
              </Link>
            }
          >
            <p>
              A build makes an image from a project's folder, pushes it and remembers its digest. Start one
              from a project, from a service with a{" "}
              <code className="font-mono text-[12.5px]">build_context</code>, or with a token:
            </p>
            <Command>{`curl -X POST -H "Authorization: Bearer $TOKEN" \\\n  ${globalThis.location.origin}/api/services/my-app/build`}</Command>
          </EmptyState>
        )}
        {data !== undefined && data.total > data.items.length && limit < MOST && (
          <div className="border-line border-t p-2 text-center">
            <Button
              look="quiet"
              size="sm"
              busy={isPlaceholderData}
              onClick={() => setLimit(Math.min(limit * 4, MOST))}
            >
              Show older
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string | undefined;
  values: readonly string[];
  onChoose: (value: string) => void;
}

function Choice({ label, all, value, values, onChoose }: ChoiceProps) {
  const known = value === undefined || values.includes(value) ? values : [value, ...values];
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={(event) => onChoose(event.target.value)}
      className="field w-auto min-w-28 max-w-56 max-sm:flex-1"
    >
      <option value="">{all}</option>
      {known.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  );
}
