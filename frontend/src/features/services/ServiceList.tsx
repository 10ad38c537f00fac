// The list of all services: what is shown, what is chosen, and the view's four states.
import { useNavigate } from "@tanstack/react-router";
import { Boxes, SearchX } from "lucide-react";
import { Suspense, useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Service } from "@/api/types";
import { Button } from "@/components/Button";
import { NewServiceLink } from "@/components/NewServiceLink";
import { EmptyState, ProblemNote, ProblemState, Skeleton, SkeletonRows } from "@/components/States";
import { type ServicesView, useNodes, useSession } from "@/hooks/useApi";
import { useHeldOrder } from "@/hooks/useHeldOrder";
import { useListKeys } from "@/hooks/useListKeys";
import { useListView } from "@/hooks/useListView";
import { useWhyNot } from "@/hooks/usePermissions";
import { useSelection } from "@/hooks/useSelection";
import { type BulkAct, bulkRuns } from "@/lib/bulkRuns";
import { later } from "@/lib/later";
import type { ServicesSearch } from "@/lib/search";
import { parseFilter } from "@/lib/serviceFilter";
import { filters } from "@/lib/serviceList";
import { linesOf, readSort, sorted, sortText, sortWords } from "@/lib/serviceOrder";
import { ListTools, useFilterText } from "./ListTools";
import { ServiceTable } from "./ServiceTable";
import type { Act } from "./useActs";

const ActDialog = later(() => import("./ActDialogs"));
const BulkDialog = later(() => import("./BulkDialog"));
const BulkResults = later(() => import("./BulkResults"));
const SelectionBar = later(() => import("./SelectionBar"));

const none: never[] = [];
const bulkKeys: Partial<Record<string, BulkAct>> = { d: "deploy", s: "scale", r: "restart", S: "stop" };
const rowKeys: Partial<Record<string, Act>> = { r: "restart", S: "stop" };

interface Props {
  view: ServicesView;
  search: ServicesSearch;
  onSearch: (search: ServicesSearch) => void;
}

export function ServiceList(props: Props) {
  const { services, problem, partial, retry } = props.view;
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
  if (services.length === 0)
    return (
      <div className="card">
        <NoServices />
      </div>
    );
  return <Listed {...props} services={services} />;
}

function Listed({ services, view, search, onSearch }: Props & { services: Service[] }) {
  const { problem, partial } = view;
  const navigate = useNavigate();
  const nodes = useNodes().data?.items ?? none;
  const user = useSession().data?.username ?? "me";
  const looks = useListView(user);
  const whyNot = useWhyNot();
  const list = useRef<HTMLTableElement>(null);
  const reach = useRef<((index: number) => void) | null>(null);
  const [shut, setShut] = useState<ReadonlySet<string>>(new Set());
  const [bulk, setBulk] = useState<BulkAct | null>(null);
  const [asked, setAsked] = useState<{ name: string; act: Act } | null>(null);
  const ran = useSyncExternalStore(bulkRuns.subscribe, () => bulkRuns.get() !== null);

  const set = (change: Partial<ServicesSearch>) => onSearch({ ...search, q: text, ...change });
  const { text, setText, flush } = useFilterText(search.q ?? "", (q) => onSearch({ ...search, q }));
  const filter = useMemo(() => parseFilter(text), [text]);
  const matching = useMemo(() => services.filter(filter.keeps), [services, filter]);
  const show = search.show ?? "all";
  const sort = readSort(search.sort);
  const wanted = useMemo(
    () => sorted(matching.filter(filters[show].keeps), { by: sort.by, down: sort.down }),
    [matching, show, sort.by, sort.down],
  );
  const { order, held, pointing } = useHeldOrder(wanted, [text, show, search.sort, search.group].join("\n"));
  const lines = useMemo(() => linesOf(order, search.group, shut), [order, search.group, shut]);
  const { chosen, select, put, clear } = useSelection(lines);
  const selected = services.filter(({ name }) => chosen.has(name));
  const picked = order.filter(({ name }) => chosen.has(name)).length;
  const all = () =>
    put(
      order.map(({ name }) => name),
      true,
    );

  const fold = useCallback(
    (key: string) =>
      setShut((before) => {
        const next = new Set(before);
        if (!next.delete(key)) next.add(key);
        return next;
      }),
    [],
  );

  useListKeys(list, lines, reach, {
    open: (name) => void navigate({ to: "/services/$name", params: { name } }),
    select,
    selectAll: all,
    clear,
    toggleGroup: fold,
    act: (key, name, row) => {
      const many = bulkKeys[key];
      if (many !== undefined && selected.length > 0) {
        setBulk(many);
        return true;
      }
      const button = row.querySelector<HTMLButtonElement>(`[data-key="${CSS.escape(key)}"]`);
      if (button !== null) {
        button.click();
        return true;
      }
      const act = rowKeys[key];
      const service = services.find((each) => each.name === name);
      if (act === undefined || service === undefined || whyNot(service, act as "restart" | "stop") !== null)
        return false;
      setAsked({ name, act });
      return true;
    },
  });
  const about = services.find(({ name }) => name === asked?.name);

  return (
    <>
      <ListTools
        matching={matching}
        shown={order}
        text={text}
        onText={setText}
        onLeave={flush}
        mistakes={filter.mistakes}
        search={search}
        onSearch={set}
        user={user}
        note={
          held
            ? "order held while you point"
            : `by ${sortWords[sort.by]}${sort.by === "problems" ? "" : sort.down ? ", descending" : ""}`
        }
      />
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
        {lines.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={
              <Button
                onClick={() => {
                  setText("");
                  onSearch({});
                }}
              >
                Show all {services.length}
              </Button>
            }
          >
            <p>
              None of {services.length} services is {show === "all" ? "" : `“${filters[show].word}” `}
              {text !== "" && `with “${text}”`}.
            </p>
          </EmptyState>
        ) : (
          <ServiceTable
            lines={lines}
            nodes={nodes}
            view={looks}
            sort={sort}
            onSort={(next) => set({ sort: sortText(next) })}
            chosen={chosen}
            select={select}
            onAll={(on, names) => put(names ?? order.map(({ name }) => name), on)}
            picked={picked}
            total={order.length}
            whole={services.length}
            onFold={fold}
            list={list}
            reach={reach}
            pointing={pointing}
          />
        )}
      </div>
      <div className="sticky bottom-4 z-20 mx-auto mt-3 flex w-full max-w-3xl flex-col gap-2 max-md:bottom-20">
        {ran && (
          <Suspense fallback={null}>
            <BulkResults />
          </Suspense>
        )}
        {selected.length > 0 && (
          <Suspense fallback={null}>
            <SelectionBar
              count={selected.length}
              hidden={selected.length - picked}
              more={picked < order.length ? order.length : 0}
              onAll={all}
              onAct={setBulk}
              onClear={clear}
            />
          </Suspense>
        )}
      </div>
      {bulk !== null && (
        <Suspense fallback={null}>
          <BulkDialog
            act={bulk}
            services={selected}
            everything={services}
            onStarted={clear}
            onClose={() => setBulk(null)}
          />
        </Suspense>
      )}
      {asked !== null && about !== undefined && (
        <Suspense fallback={null}>
          <ActDialog act={asked.act} revision={null} service={about} onClose={() => setAsked(null)} />
        </Suspense>
      )}
    </>
  );
}

function NoServices() {
  return (
    <EmptyState
      icon={Boxes}
      title="No services yet"
      action={<NewServiceLink look="plain">Write the first definition</NewServiceLink>}
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
