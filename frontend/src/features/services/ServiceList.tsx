// The list of all services: filter, status chips, rows and its four states.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Boxes, SearchX } from "lucide-react";
import { useRef, useState } from "react";
import type { Service } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { ServiceHead, ServiceRow } from "@/components/ServiceRow";
import { EmptyState, ProblemNote, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { type ServicesView, useNodes } from "@/hooks/useApi";
import { useSlash } from "@/hooks/useSlash";
import type { ServicesSearch } from "@/lib/search";
import { filters, matches, type ServiceFilter } from "@/lib/serviceList";
import { ServiceActions } from "./ServiceActions";

/** So many rows are drawn at first; the rest on demand. */
const AT_FIRST = 200;
const always: readonly ServiceFilter[] = ["all", "problems", "running", "stopped"];

interface Props {
  view: ServicesView;
  search: ServicesSearch;
  onSearch: (search: ServicesSearch) => void;
}

export function ServiceList({ view, search, onSearch }: Props) {
  const { services, problem, partial, retry } = view;
  const { data: nodes } = useNodes();
  const [all, setAll] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  useSlash(box);

  if (services === undefined || (problem !== null && partial === null && services.length === 0)) {
    return problem === null ? (
      <>
        <div aria-hidden className="mb-3.5 flex items-center gap-3 py-0.5">
          <Skeleton className="h-[34px] w-full rounded-md sm:w-[300px]" />
          <Skeleton className="h-[30px] w-72 rounded-full max-sm:hidden" />
        </div>
        <div className="card overflow-hidden">
          <SkeletonRows rows={8} label="Loading services" />
        </div>
      </>
    ) : (
      <div className="card">
        <ProblemState problem={problem} onRetry={retry} />
      </div>
    );
  }
  const show = search.show ?? "all";
  const q = search.q ?? "";
  const shown = services.filter(
    (service) => filters[show].keeps(service) && (q === "" || matches(service, q)),
  );
  const set = (change: { q?: string; show?: ServiceFilter }) => onSearch({ q, show, ...change });
  return (
    <>
      <div
        className={clsx(
          "mb-3.5 flex flex-wrap items-center gap-x-3 gap-y-2.5",
          services.length === 0 && "hidden",
        )}
      >
        <div className="relative w-full sm:w-[300px]">
          <input
            ref={box}
            type="search"
            aria-label="Filter services"
            placeholder="Filter by name, image, node, port"
            value={q}
            onChange={(event) => set({ q: event.target.value })}
            onKeyDown={(event) => event.key === "Escape" && set({ q: "" })}
            className="field pr-9"
          />
          {q === "" && (
            <kbd className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2.5 rounded border border-line-strong border-b-2 px-1.5 font-mono text-[11px] text-ink-3 max-sm:hidden">
              /
            </kbd>
          )}
        </div>
        <Chips services={services} show={show} onShow={(next) => set({ show: next })} />
        <span className="ml-auto text-ink-3 text-sm max-xl:hidden">by problem first</span>
      </div>
      {partial !== null && problem !== null && (
        <div className="mb-3.5">
          <ProblemNote problem={problem}>
            <p className="mt-0.5">
              {partial === "live"
                ? "Only the catalog is listed; what runs outside it is missing."
                : "Only what the swarm runs is listed; the catalog is missing."}
            </p>
          </ProblemNote>
        </div>
      )}
      <div className="card @container overflow-hidden">
        {shown.length === 0 ? (
          services.length === 0 ? (
            <NoServices />
          ) : (
            <EmptyState
              icon={SearchX}
              title="Nothing matches"
              action={<Button onClick={() => onSearch({})}>Show all {services.length}</Button>}
            >
              <p>
                None of {services.length} services is {show === "all" ? "" : `“${filters[show].word}” `}
                {q !== "" && `with “${q}”`}.
              </p>
            </EmptyState>
          )
        ) : (
          <table className="block">
            <caption className="sr-only">Services</caption>
            <ServiceHead />
            <tbody className="block">
              {(all ? shown : shown.slice(0, AT_FIRST)).map((service) => (
                <ServiceRow
                  key={service.name}
                  service={service}
                  nodes={nodes?.items ?? none}
                  Actions={ServiceActions}
                />
              ))}
            </tbody>
          </table>
        )}
        {shown.length > AT_FIRST && !all && (
          <div className="border-line border-t p-2 text-center">
            <Button look="quiet" size="sm" onClick={() => setAll(true)}>
              Show all {shown.length}
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

const none: never[] = [];

function Chips({
  services,
  show,
  onShow,
}: {
  services: Service[];
  show: ServiceFilter;
  onShow: (to: ServiceFilter) => void;
}) {
  return (
    <fieldset className="flex min-w-0 gap-1.5 overflow-x-auto py-0.5 max-sm:-mx-4 max-sm:px-4">
      <legend className="sr-only">Show</legend>
      {(Object.keys(filters) as ServiceFilter[]).map((filter) => {
        const count = services.filter(filters[filter].keeps).length;
        if (count === 0 && filter !== show && !always.includes(filter)) return null;
        return (
          <button
            key={filter}
            type="button"
            aria-pressed={show === filter}
            onClick={() => onShow(filter)}
            className={clsx(
              "num whitespace-nowrap rounded-full border px-2.5 py-1 font-[550] text-sm transition-colors",
              show === filter
                ? "border-accent bg-accent-soft text-accent"
                : "border-line-strong bg-surface text-ink-2 hover:border-ink-3 hover:text-ink",
            )}
          >
            {filters[filter].word} {count}
          </button>
        );
      })}
    </fieldset>
  );
}

function NoServices() {
  return (
    <EmptyState
      icon={Boxes}
      title="No services yet"
      action={
        <Link to="/new-service" className={buttonClass("plain")}>
          Write the first definition
        </Link>
      }
    >
      <p>
        A service is a definition, one YAML file in the definitions folder, that the swarm runs as one or more
        tasks. Make one here, or put a file like this into the folder: it is noticed within two seconds.
      </p>
      <pre className="rounded-lg border border-line bg-sunken px-4 py-3 text-left font-mono text-ink text-sm leading-relaxed">
        {"name: hello\nimage: nginx:1.29\nreplicas: 2\nports:\n  - 8088:80"}
      </pre>
    </EmptyState>
  );
}
