import { Link, useLocation } from "@tanstack/react-router";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import type { HealthReport } from "@/api/types";
import { useHealth } from "@/hooks/useApi";
import { useWaitingCount } from "@/hooks/useWaiting";
import { plural } from "@/lib/format";
import {
  activity,
  approvals,
  builds,
  type Destination,
  dashboard,
  deployments,
  map,
  nodes,
  projects,
  registry,
  services,
  settings,
  type Target,
} from "@/lib/places";
import { Mark } from "./Brand";
import { keyWords } from "./Keys";
import { Skeleton } from "./States";
import { Badge } from "./StatusBadge";

/** A phone's bar has room for five: there builds are reached from the projects, the map from the nodes. */
const phone = [dashboard, services, nodes, registry, projects];

const troubled = ["failed", "broken", "degraded", "pending"];
const countOf = (report: HealthReport, statuses: string[]) =>
  statuses.reduce((sum, status) => sum + (report.services[status] ?? 0), 0);

function Count({ report, to }: { report: HealthReport | undefined; to: Target }) {
  if (report === undefined) return null;
  if (to === "/services") {
    const hot = countOf(report, troubled);
    if (hot > 0) {
      return (
        <span
          title={`${plural(hot, "service")} need attention`}
          className="num ml-auto font-bold text-bad-ink text-xs"
        >
          {hot}
        </span>
      );
    }
    const total = countOf(report, Object.keys(report.services));
    return <span className="num ml-auto text-ink-3 text-xs">{total.toLocaleString("en")}</span>;
  }
  if (to === "/nodes") {
    const away = report.nodes.filter((node) => node.state !== "ready").length;
    return away > 0 ? (
      <span
        title={`${plural(away, "node")} not ready`}
        className="num ml-auto font-bold text-bad-ink text-xs"
      >
        {away}
      </span>
    ) : (
      <span className="num ml-auto text-ink-3 text-xs">{report.nodes.length}</span>
    );
  }
  return null;
}

function WaitingCount() {
  const count = useWaitingCount();
  if (count === 0) return null;
  return (
    <span
      title={count === 1 ? "1 act of an agent waits for you" : `${count} acts of agents wait for you`}
      className="num ml-auto rounded-full bg-wait-soft px-1.5 font-bold text-wait-ink text-xs"
    >
      {count}
    </span>
  );
}

function Place({ to, label, icon: Icon, keys, count }: Destination & { count?: ReactNode }) {
  return (
    <Link
      to={to}
      title={`${label} (${keyWords(keys)})`}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      className={clsx(
        "flex items-center gap-2.5 rounded-md px-2.5 py-[7px] font-medium text-ink-2 transition-colors hover:bg-sunken",
        "aria-[current=page]:bg-accent-soft aria-[current=page]:font-semibold aria-[current=page]:text-accent",
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      {label}
      {count}
    </Link>
  );
}

function Cluster({ report }: { report: HealthReport | undefined }) {
  return (
    <div className="mx-1 mb-3 min-h-[78px] rounded-lg border border-line px-2.5 py-2 text-ink-2 text-sm">
      {report === undefined ? (
        <div className="flex flex-col gap-2 py-1">
          <Skeleton className="h-3.5 w-24" />
          <Skeleton className="h-3.5 w-32" />
          <Skeleton className="h-3.5 w-20" />
        </div>
      ) : (
        <>
          <div className="mb-1 flex items-center justify-between gap-2 font-semibold text-ink">
            Swarm
            {report.problems.length > 0 ? (
              <Badge tone="warn" word={plural(report.problems.length, "problem")} />
            ) : (
              <Badge tone={report.status === "unavailable" ? "bad" : "ok"} word={report.status} />
            )}
          </div>
          <div className="num">
            {plural(report.nodes.length, "node")}, {plural(report.managers, "manager")}
          </div>
          <div
            className="num"
            title="How many more managers may be lost before the swarm stops taking changes"
          >
            quorum margin {report.quorum_margin}
          </div>
        </>
      )}
    </div>
  );
}

export function Sidebar() {
  const { data: report } = useHealth();
  return (
    <aside className="sticky top-0 flex h-dvh w-[216px] shrink-0 flex-col border-line border-r bg-surface px-2.5 py-3.5 max-md:hidden">
      <Link
        to="/"
        className="mb-3.5 flex items-center gap-2.5 rounded-md px-2 py-1 font-[650] tracking-tight"
      >
        <Mark className="size-[22px] text-accent" />
        Swarm Orchestrator
      </Link>
      <Cluster report={report} />
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        {[dashboard, services, nodes, map, registry, projects, builds, deployments].map((place) => (
          <Place key={place.to} {...place} count={<Count report={report} to={place.to} />} />
        ))}
        <h2 className="mt-3.5 mb-1 px-2.5 font-semibold text-[11px] text-ink-3 uppercase tracking-wider">
          Manage
        </h2>
        <Place {...approvals} count={<WaitingCount />} />
        <Place {...activity} />
        <Place {...settings} />
      </nav>
      <p className="num mt-auto px-2.5 text-ink-3 text-xs">
        {report === undefined ? " " : `Version ${report.version}`}
      </p>
    </aside>
  );
}

/** The side bar at phone width. */
export function BottomBar() {
  const onMap = useLocation({ select: ({ pathname }) => pathname === map.to });
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-20 grid grid-cols-5 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {phone.map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === "/", includeSearch: false }}
          className={clsx(
            "flex flex-col items-center gap-0.5 py-2 font-medium text-[11px] aria-[current=page]:text-accent",
            to === nodes.to && onMap ? "text-accent" : "text-ink-3",
          )}
        >
          <Icon aria-hidden className="size-5" />
          {label}
        </Link>
      ))}
    </nav>
  );
}
