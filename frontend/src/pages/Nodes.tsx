import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Plus, SearchX } from "lucide-react";
import { Suspense, useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Node } from "@/api/types";
import { Button } from "@/components/Button";
import { FilterBox } from "@/components/FilterBox";
import { FilterChips } from "@/components/FilterChips";
import { PageTitle } from "@/components/Layout";
import { NodesViews } from "@/components/NodesViews";
import { NoNodes } from "@/components/NoNodes";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { Capacity } from "@/features/nodes/Capacity";
import { NodeTable } from "@/features/nodes/NodeTable";
import { useAhead } from "@/hooks/useAhead";
import { useNodes } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import { plural } from "@/lib/format";
import { later } from "@/lib/later";
import { quorumSentence } from "@/lib/nodeActs";
import { matchesNode, sortNodes, usual } from "@/lib/nodeList";
import { type NodeFilter, type NodesSearch, nodeFilters } from "@/lib/nodesSearch";
import { barred } from "@/lib/permissions";

const JoinDialog = later(() => import("@/features/nodes/JoinDialog"));
const route = getRouteApi("/shell/nodes");

export function Nodes() {
  const { data, error, refetch } = useNodes();
  const [joining, setJoining] = useState(false);
  const mayNotAdd = useMay()("admin");
  usePageTitle("Nodes");
  const nodes = data?.items;
  const ready = nodes?.filter((node) => node.state === "ready").length ?? 0;
  return (
    <>
      <PageTitle
        title="Nodes"
        sub={
          nodes !== undefined && nodes.length > 0
            ? `${ready} of ${plural(nodes.length, "node")} ready · ${quorumSentence(nodes)}`
            : undefined
        }
        actions={
          <>
            <NodesViews />
            <Button look="primary" onClick={() => setJoining(true)} {...barred(mayNotAdd)}>
              <Plus aria-hidden className="size-4" />
              Add node
            </Button>
          </>
        }
      />
      {nodes === undefined ? (
        <div className="card overflow-hidden">
          {error === null ? (
            <SkeletonRows rows={4} label="Loading nodes" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )}
        </div>
      ) : nodes.length === 0 ? (
        <NoNodes />
      ) : (
        <List nodes={nodes} />
      )}
      {joining && (
        <Suspense fallback={null}>
          <JoinDialog onClose={() => setJoining(false)} />
        </Suspense>
      )}
    </>
  );
}

function List({ nodes }: { nodes: readonly Node[] }) {
  const navigate = useNavigate();
  const address: NodesSearch = route.useSearch();
  const [search, onSearch] = useAhead(
    address,
    (next) => void navigate({ to: "/nodes", search: next, replace: true }),
  );
  const show = search.show ?? "all";
  const q = search.q ?? "";
  const shown = useMemo(
    () =>
      sortNodes(
        nodes.filter((node) => nodeFilters[show].keeps(node) && matchesNode(node, q)),
        search.sort,
      ),
    [nodes, show, q, search.sort],
  );
  const engine = useMemo(() => usual(nodes.map((node) => node.engine_version)), [nodes]);
  const sort = (next: NodesSearch["sort"]) => {
    const { sort: _before, ...rest } = search;
    onSearch(next === undefined ? rest : { ...rest, sort: next });
  };
  return (
    <>
      {nodes.length > 1 && <Capacity nodes={nodes} />}
      <div className="mb-3.5 flex flex-wrap items-center gap-x-3 gap-y-2.5">
        <FilterBox
          label="Filter nodes"
          placeholder="Name, address, label, engine"
          value={q}
          onChange={(value) => {
            const { q: _before, ...rest } = search;
            onSearch(value === "" ? rest : { ...rest, q: value });
          }}
        />
        <FilterChips
          items={nodes}
          filters={nodeFilters}
          always={always}
          show={show}
          onShow={(next) => {
            const { show: _before, ...rest } = search;
            onSearch(next === "all" ? rest : { ...rest, show: next });
          }}
        />
      </div>
      <div className="card @container overflow-hidden">
        {shown.length === 0 ? (
          <EmptyState
            icon={SearchX}
            title="Nothing matches"
            action={<Button onClick={() => onSearch({})}>Show all {nodes.length}</Button>}
          >
            <p>
              None of {plural(nodes.length, "node")} is like this{q !== "" && `: “${q}”`}.
            </p>
          </EmptyState>
        ) : (
          <NodeTable nodes={shown} all={nodes} usualEngine={engine} sort={search.sort} onSort={sort} />
        )}
      </div>
    </>
  );
}

const always: readonly NodeFilter[] = ["all", "managers", "workers"];
