// What a deployment changed: from which revision and image to which, and the paths of the spec.
import { Link } from "@tanstack/react-router";
import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";
import type { Deployment } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { isNew } from "@/components/DeploymentList";
import { OfBuild } from "@/components/OfBuild";
import { plural, shortDigest, whenExactly } from "@/lib/format";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-[37px] grid-cols-[6.5rem_minmax(0,1fr)] items-center gap-3 border-line border-b px-4 py-1.5 last:border-b-0">
      <dt className="text-ink-3 text-sm">{label}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Revision({ service, number }: { service: string; number: number }) {
  return (
    <Link
      to="/services/$name"
      params={{ name: service }}
      search={{ tab: "definition" }}
      className="num underline decoration-line-strong underline-offset-2 hover:text-accent"
    >
      revision {number}
    </Link>
  );
}

function FromTo({ from, to }: { from: ReactNode; to: ReactNode }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      {from}
      <ArrowRight aria-label="to" className="size-3.5 text-ink-3" />
      {to}
    </span>
  );
}

const Digest = ({ digest }: { digest: string }) => (
  <span className="flex items-center gap-0.5">
    <span title={digest} className="font-mono text-[12.5px]">
      {shortDigest(digest)}
    </span>
    <CopyButton text={digest} label={`Copy digest ${shortDigest(digest)}`} />
  </span>
);

export function ChangeFacts({ deployment }: { deployment: Deployment }) {
  const {
    service,
    kind,
    from_revision: from,
    to_revision: to,
    restores_revision: restores,
    from_digest: oldDigest,
    to_digest: digest,
    changes,
    restarts_tasks: restarts,
  } = deployment;
  const nothing = <span className="text-ink-3">nothing</span>;
  return (
    <dl>
      {(from !== null || to !== null) && (
        <Fact label="Definition">
          {from === to && to !== null ? (
            <span>
              <Revision service={service} number={to} />, unchanged
            </span>
          ) : (
            <FromTo
              from={from === null ? nothing : <Revision service={service} number={from} />}
              to={to === null ? nothing : <Revision service={service} number={to} />}
            />
          )}
          {restores !== null && (
            <span className="text-ink-3 text-sm">with the text of revision {restores}</span>
          )}
        </Fact>
      )}
      {deployment.image !== null && (
        <Fact label="Image">
          <span className="font-mono text-[12.5px]">{deployment.image}</span>
        </Fact>
      )}
      {(oldDigest !== null || digest !== null) && (
        <Fact label="Digest">
          {oldDigest === digest && digest !== null ? (
            <span className="flex items-center gap-1">
              <Digest digest={digest} /> <span className="text-ink-3 text-sm">unchanged</span>
            </span>
          ) : (
            <FromTo
              from={oldDigest === null ? nothing : <Digest digest={oldDigest} />}
              to={digest === null ? nothing : <Digest digest={digest} />}
            />
          )}
        </Fact>
      )}
      {deployment.replicas !== null && <Fact label="Replicas">{deployment.replicas}</Fact>}
      {kind !== "stop" && (
        <Fact label="Changes">
          {changes.length === 0 ? (
            "none: the swarm ran exactly this"
          ) : isNew(deployment) ? (
            "the service is new in the swarm"
          ) : (
            <>
              <span className="text-sm">
                {plural(changes.length, "change")}, {restarts ? "tasks are replaced" : "no task is replaced"}
              </span>
              <ul aria-label="Changed paths" className="flex flex-col font-mono text-ink-2 text-xs">
                {changes.map((path) => (
                  <li key={path}>{path}</li>
                ))}
              </ul>
            </>
          )}
        </Fact>
      )}
      {deployment.build_id !== null && (
        <Fact label="Build">
          <span className="flex">
            <OfBuild deployment={deployment} />
          </span>
        </Fact>
      )}
      <Fact label="Who">
        {deployment.actor}, <span className="num">{whenExactly(deployment.created_at)}</span>
      </Fact>
      <Fact label="Id">
        <span className="flex items-center gap-0.5">
          <span className="font-mono text-[12.5px]">{deployment.id}</span>
          <CopyButton text={deployment.id} label="Copy id" />
        </span>
      </Fact>
    </dl>
  );
}
