// What runs here, and where its interfaces are.
import { Link } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { asProblem } from "@/api/problem";
import { CopyButton } from "@/components/CopyButton";
import { Card } from "@/components/Layout";
import { ProblemState, SkeletonRows } from "@/components/States";
import { useHealth } from "@/hooks/useApi";
import { plural } from "@/lib/format";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-[39px] grid-cols-[7.5rem_minmax(0,1fr)] items-center gap-3 border-line border-b px-4 py-1.5 last:border-b-0">
      <dt className="text-ink-3 text-sm">{label}</dt>
      <dd className="num min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

const link = "underline decoration-line-strong underline-offset-2 hover:text-accent";

export function About() {
  const { data: report, error, refetch } = useHealth();
  const { origin } = globalThis.location;
  return (
    <Card title="About">
      {report === undefined ? (
        error === null ? (
          <SkeletonRows rows={5} label="Loading what runs here" />
        ) : (
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        )
      ) : (
        <dl>
          <Fact label="Version">Swarm Orchestrator {report.version}</Fact>
          <Fact label="Engine">
            {report.engine.engine_version === null
              ? "not known yet"
              : `Docker ${report.engine.engine_version}, API ${report.engine.api_version}`}
            , <span className="font-mono text-[12.5px]">{report.engine.host}</span>
          </Fact>
          <Fact label="Swarm">
            {plural(report.nodes.length, "node")}, {plural(report.managers, "manager")}
            {report.engine.cluster_id !== null && (
              <span className="font-mono text-ink-3 text-xs"> {report.engine.cluster_id}</span>
            )}
          </Fact>
          <Fact label="API">
            <span className="flex flex-wrap items-center gap-x-1">
              <span className="font-mono text-[12.5px]">{origin}/api</span>
              <CopyButton text={`${origin}/api`} label="Copy API address" />
              <a href="/api/openapi.json" target="_blank" rel="noreferrer" className={link}>
                openapi.json
                <ExternalLink aria-label="(opens a new tab)" className="ml-1 inline size-3" />
              </a>
            </span>
          </Fact>
          <Fact label="Registries">
            <Link to="/registry" className={link}>
              Registries and their credentials
            </Link>
          </Fact>
        </dl>
      )}
    </Card>
  );
}
