import type { Node } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { DockerCommand } from "@/components/DockerCommand";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { Badge } from "@/components/StatusBadge";
import { quoted } from "@/lib/dockerCommands";
import { Fact } from "./Certificates";

/** What the machine is, and how to ask the engine the same. */
export function NodeFacts({ node, usualEngine }: { node: Node; usualEngine: string | null }) {
  const odd = usualEngine !== null && usualEngine !== node.engine_version;
  return (
    <Card title="Machine">
      <dl className="flex flex-col gap-2.5 px-4 pt-4 pb-3 text-sm">
        <Fact word="Platform">
          <span className="text-ink-2">
            {node.os}/{node.architecture}
          </span>
        </Fact>
        <Fact word="Engine">
          <span className="num text-ink-2">{node.engine_version}</span>
          {odd && <span className="num ml-1.5 text-warn-ink">most nodes have {usualEngine}</span>}
        </Fact>
        <Fact word="Address">
          <Copyable text={node.address} label="Copy address" />
        </Fact>
        {node.role === "manager" && (
          <Fact word="As a manager">
            <span className="flex flex-wrap items-center gap-1.5">
              <Badge
                tone={node.reachability === "reachable" ? "ok" : "bad"}
                word={node.reachability ?? "not reachable"}
              />
              {node.leader && <span className="text-ink-2">leads the others</span>}
            </span>
          </Fact>
        )}
        {node.manager_address !== null && (
          <Fact word="Joined at">
            <Copyable text={node.manager_address} label="Copy manager address" />
          </Fact>
        )}
        <Fact word="Id">
          <Copyable text={node.id} label="Copy id" />
        </Fact>
        <Fact word="In the swarm">
          <span className="text-ink-2">
            since <RelativeTime at={node.created_at} />
          </span>
        </Fact>
      </dl>
      <div className="border-line border-t px-4 py-2.5">
        <DockerCommand>{`docker node inspect --pretty ${quoted(node.hostname)}\ndocker node ps ${quoted(node.hostname)}`}</DockerCommand>
      </div>
    </Card>
  );
}

function Copyable({ text, label }: { text: string; label: string }) {
  return (
    <span className="flex min-w-0 items-center gap-1 font-mono text-[12px] text-ink-2">
      <span title={text} className="truncate">
        {text}
      </span>
      <CopyButton text={text} label={label} className="size-6" />
    </span>
  );
}
