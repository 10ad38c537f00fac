import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { KeyRound, Plus, SearchX } from "lucide-react";
import { Suspense, useState } from "react";
import { type ApiProblem, asProblem } from "@/api/problem";
import { Button } from "@/components/Button";
import { FilterBox } from "@/components/FilterBox";
import { PageTitle } from "@/components/Layout";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { EmptyRegistry, NoRegistry } from "@/features/registry/HowTo";
import { RegistryAway } from "@/features/registry/RegistryAway";
import { RegistryBar } from "@/features/registry/RegistryBar";
import { RepositoryList } from "@/features/registry/RepositoryList";
import { useRegistries, useRepositories } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import { plural } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";
import type { RegistrySearch } from "@/lib/search";

const RegistryDialog = later(() => import("@/features/registry/RegistryDialog"));
const RemoveRegistryDialog = later(() => import("@/features/registry/RemoveRegistryDialog"));
const route = getRouteApi("/shell/registry");

export function Registry() {
  const search: RegistrySearch = route.useSearch();
  const navigate = useNavigate();
  const [open, setOpen] = useState<"add" | "change" | "remove" | null>(null);
  const { data: registries, error, refetch } = useRegistries();
  const mayNot = useMay()("admin");
  usePageTitle("Registry");
  const known = registries?.items ?? [];
  const chosen = known.find(({ host }) => host === search.registry) ?? known[0];
  const choose = (host: string | undefined) =>
    void navigate({
      to: "/registry",
      search: host === undefined || host === known[0]?.host ? {} : { registry: host },
    });
  const add = (
    <Button onClick={() => setOpen("add")} {...barred(mayNot)}>
      <Plus aria-hidden className="size-4" />
      Add registry
    </Button>
  );
  return (
    <>
      <PageTitle
        title="Registry"
        sub="Where the nodes pull your own images from"
        actions={known.length > 0 ? add : undefined}
      />
      {registries === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <div className="card">
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          </div>
        )
      ) : chosen === undefined ? (
        <div className="card">
          <NoRegistry action={add} />
        </div>
      ) : (
        <>
          <RegistryBar
            registries={known}
            chosen={chosen}
            onChoose={choose}
            onChange={() => setOpen("change")}
            onRemove={() => setOpen("remove")}
          />
          <Repositories
            key={chosen.host}
            host={chosen.host}
            registry={chosen === known[0] ? undefined : chosen.host}
            onCredentials={() => setOpen("change")}
          />
        </>
      )}
      <Suspense fallback={null}>
        {open === "add" && <RegistryDialog onSaved={choose} onClose={() => setOpen(null)} />}
        {open === "change" && chosen !== undefined && (
          <RegistryDialog registry={chosen} onClose={() => setOpen(null)} />
        )}
        {open === "remove" && chosen !== undefined && (
          <RemoveRegistryDialog registry={chosen} onClose={() => setOpen(null)} />
        )}
      </Suspense>
    </>
  );
}

function Loading() {
  return (
    <>
      <Skeleton className="mb-3.5 h-[47px] w-full rounded-xl" />
      <Skeleton className="mb-3.5 h-[34px] w-full rounded-md sm:w-[300px]" />
      <div className="card overflow-hidden">
        <SkeletonRows rows={8} label="Loading repositories" />
      </div>
    </>
  );
}

const wantsCredentials = ({ code }: ApiProblem) =>
  code === "registry_unauthorized" || code === "registry_denied";

interface RepositoriesProps {
  host: string;
  /** How it is asked for: the default one by no name. */
  registry: string | undefined;
  onCredentials: () => void;
}

function Repositories({ host, registry, onCredentials }: RepositoriesProps) {
  const search: RegistrySearch = route.useSearch();
  const navigate = useNavigate();
  const { data, error, refetch, isFetching } = useRepositories(registry);
  const { q = "" } = search;
  const mayNot = useMay()("admin");
  const setQ = (next: string) =>
    void navigate({
      to: "/registry",
      search: {
        ...(registry !== undefined && { registry }),
        ...(next !== "" && { q: next }),
      },
      replace: true,
    });
  if (data === undefined)
    return error === null ? (
      <>
        <Skeleton className="mb-3.5 h-[34px] w-full rounded-md sm:w-[300px]" />
        <div className="card overflow-hidden">
          <SkeletonRows rows={8} label="Loading repositories" />
        </div>
      </>
    ) : (
      <div className="card">
        <ProblemState problem={asProblem(error)} onRetry={() => void refetch()}>
          {wantsCredentials(asProblem(error)) && (
            <Button look="primary" onClick={onCredentials} {...barred(mayNot)}>
              <KeyRound aria-hidden className="size-4" />
              Enter credentials
            </Button>
          )}
        </ProblemState>
      </div>
    );
  const words = q.toLowerCase().split(/\s+/);
  const shown = data.items.filter(({ name, used_by: users }) =>
    words.every((word) => name.toLowerCase().includes(word) || users.some((user) => user.includes(word))),
  );
  return (
    <>
      {error !== null && (
        <RegistryAway
          problem={asProblem(error)}
          asOf={data.as_of}
          busy={isFetching}
          onRetry={() => void refetch()}
        />
      )}
      {data.items.length > 0 && (
        <div className="mb-3.5 flex flex-wrap items-center gap-x-3 gap-y-2.5">
          <FilterBox
            label="Filter repositories"
            placeholder="Filter by name or service"
            value={q}
            onChange={setQ}
          />
          <span className="num text-ink-3 text-sm">
            {q === ""
              ? plural(data.total, "repository", "repositories")
              : `${shown.length} of ${plural(data.total, "repository", "repositories")}`}
          </span>
        </div>
      )}
      <div className="card @container overflow-hidden">
        {data.items.length === 0 ? (
          <EmptyRegistry host={host} />
        ) : shown.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={<Button onClick={() => setQ("")}>Show all {data.items.length}</Button>}
          >
            <p>No repository has “{q}” in its name or in that of a service that uses it.</p>
          </EmptyState>
        ) : (
          <RepositoryList repositories={shown} registry={registry} />
        )}
      </div>
    </>
  );
}
