import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Hammer, SearchX } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { BuildList } from "@/components/BuildList";
import { Button, buttonClass } from "@/components/Button";
import { Choice } from "@/components/Choice";
import { Command } from "@/components/CopyButton";
import { PageTitle } from "@/components/Layout";
import { ShowMore } from "@/components/ShowMore";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { useAhead } from "@/hooks/useAhead";
import { useServices } from "@/hooks/useApi";
import { useBuilds } from "@/hooks/useBuilds";
import { useProjects } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import { type BuildsSearch, changed } from "@/lib/search";
import { buildStates } from "@/lib/status";

const route = getRouteApi("/shell/builds");
const FIRST = 50;

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
    setLimit(FIRST);
    setSearch(changed(search, change));
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
            onChoose={(state) => set({ state })}
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
