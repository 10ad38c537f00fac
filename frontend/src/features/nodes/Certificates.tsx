// What the node trusts, and until when: the swarm's root, and how long certificates are good.
import type { ReactNode } from "react";
import type { Node } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { Card } from "@/components/Layout";
import { Skeleton } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useSwarm } from "@/hooks/useNodes";
import { day, span } from "@/lib/format";

const SOON = 90 * 86_400;

export function Certificates({ node }: { node: Node }) {
  const { data: swarm, error } = useSwarm();
  const root = swarm?.root_certificate ?? null;
  const left = root === null ? null : (new Date(root.expires_at).getTime() - Date.now()) / 1000;
  return (
    <Card title="Certificates">
      {swarm === undefined ? (
        error === null ? (
          <div role="status" aria-label="Loading certificates" className="flex flex-col gap-3 p-4">
            <Skeleton className="h-4 w-44" />
            <Skeleton className="h-4 w-full" />
            <Skeleton className="h-4 w-36" />
          </div>
        ) : (
          <p className="p-4 text-ink-3">The engine does not tell the swarm's certificates now.</p>
        )
      ) : (
        <dl className="flex flex-col gap-2.5 p-4 text-sm">
          <Fact word="Trusts">
            {node.trust_root === "" ? (
              <Badge tone="off" word="not known" />
            ) : node.trust_root === swarm.trust_root ? (
              <Badge tone="ok" word="the swarm's root" />
            ) : (
              <Badge
                tone={swarm.root_rotation_in_progress ? "move" : "bad"}
                word={swarm.root_rotation_in_progress ? "still the root before" : "another root"}
              />
            )}
          </Fact>
          {swarm.root_rotation_in_progress && (
            <Fact word="Rotation">
              <Badge tone="move" word="in progress" />
            </Fact>
          )}
          {root !== null && left !== null && (
            <>
              <Fact word="Root expires">
                <span className={left < SOON ? "font-medium text-warn-ink" : "text-ink-2"}>
                  {day(root.expires_at)}, {left > 0 ? `in ${span(left)}` : "it has expired"}
                </span>
              </Fact>
              <Fact word="Fingerprint">
                <span className="flex min-w-0 items-center gap-1 font-mono text-[12px] text-ink-2">
                  <span title={root.fingerprint} className="truncate">
                    {root.fingerprint.slice(0, 24)}…
                  </span>
                  <CopyButton text={root.fingerprint} label="Copy fingerprint" className="size-6" />
                </span>
              </Fact>
            </>
          )}
          <Fact word="Node's own">
            <span className="text-ink-2">
              good for {span(swarm.node_cert_expiry_seconds)}, renews by itself
            </span>
          </Fact>
        </dl>
      )}
    </Card>
  );
}

export function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div className="flex min-h-6 items-center gap-3">
      <dt className="w-[6.5rem] shrink-0 text-ink-3">{word}</dt>
      <dd className="min-w-0 flex-1">{children}</dd>
    </div>
  );
}
