import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { SearchX, Tags } from "lucide-react";
import { Suspense, useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Tag } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Command, CopyButton } from "@/components/CopyButton";
import { FilterBox } from "@/components/FilterBox";
import { ShowMore } from "@/components/ShowMore";
import { EmptyState, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { RegistryAway } from "@/features/registry/RegistryAway";
import { TagTable } from "@/features/registry/TagTable";
import { useServices } from "@/hooks/useApi";
import { useRegistries, useTags } from "@/hooks/useImages";
import { usePageTitle } from "@/hooks/usePageTitle";
import { usePaused } from "@/hooks/usePaused";
import { plural } from "@/lib/format";
import { later } from "@/lib/later";
import type { RepositorySearch } from "@/lib/search";

const DeleteTagDialog = later(() => import("@/features/registry/DeleteTagDialog"));
/** Each tag is a reading of its manifest. */
const FIRST = 200;
const route = getRouteApi("/shell/registry/images/$");

/** What is about to be deleted, with the tags it was among. */
interface Doomed {
  tag: Tag;
  tags: readonly Tag[];
}

export function Repository() {
  const [doomed, setDoomed] = useState<Doomed | null>(null);
  const { _splat: name = "" } = route.useParams();
  const search: RepositorySearch = route.useSearch();
  const { registry } = search;
  const { data: registries } = useRegistries();
  usePageTitle(name);
  const host = registry ?? registries?.items[0]?.host;
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-1 text-ink-3 text-sm">
        <Link
          to="/registry"
          search={registry === undefined ? {} : { registry }}
          className="hover:text-ink hover:underline"
        >
          Registry
        </Link>{" "}
        /
      </nav>
      <div className="mb-4 flex min-h-9 flex-wrap items-center gap-x-2 gap-y-1">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">{name}</h1>
        {host === undefined ? (
          <Skeleton className="h-4 w-40" />
        ) : (
          <span className="flex min-w-0 items-center gap-0.5 text-ink-3">
            <span className="truncate font-mono text-[12.5px]">{`${host}/${name}`}</span>
            <CopyButton text={`${host}/${name}`} label="Copy image" />
          </span>
        )}
      </div>
      <Body
        key={`${registry} ${name}`}
        name={name}
        image={host === undefined ? name : `${host}/${name}`}
        onDelete={setDoomed}
      />
      {/* It outlives the list, which the deletion of the last tag ends. */}
      {doomed !== null && (
        <Suspense fallback={null}>
          <DeleteTagDialog
            repository={name}
            registry={registry}
            {...doomed}
            onClose={() => setDoomed(null)}
          />
        </Suspense>
      )}
    </>
  );
}

interface BodyProps {
  name: string;
  image: string;
  onDelete: (doomed: Doomed) => void;
}

function Body({ name, image, onDelete }: BodyProps) {
  const search: RepositorySearch = route.useSearch();
  const navigate = useNavigate();
  const { registry, q = "", tag: opened } = search;
  const [limit, setLimit] = useState(FIRST);
  const { services } = useServices();
  const live = useMemo(
    () => new Set((services ?? []).filter((service) => service.live).map((service) => service.name)),
    [services],
  );
  const base = registry === undefined ? { limit } : { limit, registry };
  // A list that is here in full is narrowed here, a longer one by the server.
  const whole = useTags(name, base);
  const cut = whole.data !== undefined && whole.data.total > whole.data.items.length;
  const match = usePaused(q.trim());
  const { data, error, refetch, isFetching, isPlaceholderData } = useTags(
    name,
    cut && match !== "" ? { ...base, match } : base,
  );
  const go = (change: { q?: string; tag?: string | undefined }) => {
    const next = { ...search, ...change };
    void navigate({
      to: "/registry/images/$",
      params: { _splat: name },
      search: {
        ...(next.registry !== undefined && { registry: next.registry }),
        ...(next.q !== undefined && next.q !== "" && { q: next.q }),
        ...(next.tag !== undefined && { tag: next.tag }),
      },
      replace: true,
      resetScroll: false,
    });
  };
  const problem = error === null ? null : asProblem(error);
  if (data === undefined || problem?.status === 404)
    return problem === null ? (
      <>
        <Skeleton className="mb-3.5 h-[34px] w-full rounded-md sm:w-[300px]" />
        <div className="card overflow-hidden">
          <SkeletonRows rows={6} label={`Loading the tags of ${name}`} />
        </div>
      </>
    ) : (
      <div className="card">
        <ProblemState problem={problem} onRetry={() => void refetch()}>
          <Link to="/registry" className={buttonClass("plain")}>
            To all repositories
          </Link>
        </ProblemState>
      </div>
    );
  const tags = data.items;
  const wanted = q.toLowerCase();
  const shown = tags.filter(
    (tag) =>
      (cut && match !== "") ||
      tag.name.toLowerCase().includes(wanted) ||
      tag.digest?.includes(wanted) === true ||
      tag.used_by.some(({ service }) => service.includes(wanted)),
  );
  return (
    <>
      {problem !== null && (
        <RegistryAway problem={problem} asOf={data.as_of} busy={isFetching} onRetry={() => void refetch()} />
      )}
      {(tags.length > 0 || q !== "") && (
        <div className="mb-3.5 flex flex-wrap items-center gap-x-3 gap-y-2.5">
          <FilterBox
            label="Filter tags"
            placeholder="Filter by tag, digest or service"
            value={q}
            onChange={(next) => go({ q: next })}
          />
          <span className="num text-ink-3 text-sm">
            {q === ""
              ? plural(data.total, "tag")
              : `${shown.length} of ${plural(whole.data?.total ?? data.total, "tag")}`}
          </span>
        </div>
      )}
      <div className="card @container overflow-hidden">
        {tags.length === 0 && q === "" ? (
          <EmptyState icon={Tags} title="No tags">
            <p>The registry knows the name, but all its tags are deleted. A push brings one:</p>
            <Command>{`docker tag my-app ${image}:1\ndocker push ${image}:1`}</Command>
          </EmptyState>
        ) : shown.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={<Button onClick={() => go({ q: "" })}>Show all {whole.data?.total}</Button>}
          >
            <p>
              None of {plural(whole.data?.total ?? 0, "tag")} has “{q}” in its name, digest or services.
            </p>
          </EmptyState>
        ) : (
          <TagTable
            tags={shown}
            image={image}
            live={live}
            opened={opened}
            onOpen={(tag) => go({ tag })}
            onDelete={(tag) => onDelete({ tag, tags })}
          />
        )}
        <ShowMore
          shown={tags.length}
          total={data.total}
          limit={limit}
          onLimit={setLimit}
          busy={isPlaceholderData}
          word="Show more"
        />
      </div>
    </>
  );
}
