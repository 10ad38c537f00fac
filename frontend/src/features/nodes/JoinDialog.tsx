// How a machine becomes a node. The command holds a token: it is asked for when it is wanted, and hidden until then.
import { clsx } from "clsx";
import { Copy, Eye, EyeOff, RefreshCw } from "lucide-react";
import { useState } from "react";
import type { Role } from "@/api/nodes";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/Button";
import { copyText } from "@/components/CopyButton";
import { Dialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useJoinCommand } from "@/hooks/useNodes";

const roles: Record<Role, string> = {
  worker: "It runs tasks. It sees only what its own tasks need.",
  manager:
    "It also decides: it holds the whole state of the swarm with all secrets, and can change everything.",
};

const ports: readonly [port: string, what: string][] = [
  ["2377/tcp", "to the managers: joining and orders"],
  ["7946/tcp and udp", "between all nodes: who is there"],
  ["4789/udp", "between all nodes: traffic of overlay networks"],
];

const HIDDEN = "docker swarm join --token SWMTKN-••••••••••••••••••••••••";

export default function JoinDialog({ onClose }: { onClose: () => void }) {
  const [role, setRole] = useState<Role>("worker");
  const [seen, setSeen] = useState(false);
  const [copied, setCopied] = useState(false);
  const [rotating, setRotating] = useState(false);
  const [rotated, setRotated] = useState(false);
  const join = useJoinCommand();
  const command = join.data?.role === role ? join.data.command : undefined;
  const choose = (next: Role) => {
    setRole(next);
    setSeen(false);
    setCopied(false);
    setRotating(false);
    setRotated(false);
    join.reset();
  };
  const ask = async (rotate = false) =>
    !rotate && command !== undefined ? command : (await join.mutateAsync({ role, rotate })).command;
  const quietly = (act: Promise<unknown>) => void act.catch(() => undefined);
  return (
    <Dialog
      title="Add a node"
      description="Run this on the machine that is to join. It needs a Docker engine that is in no swarm."
      onClose={onClose}
    >
      <div className="flex flex-col gap-4">
        <fieldset className="grid grid-cols-2 gap-2 max-sm:grid-cols-1">
          <legend className="mb-1 font-medium">As a</legend>
          {(Object.keys(roles) as Role[]).map((each) => (
            <label
              key={each}
              className={clsx(
                "flex cursor-pointer flex-col gap-0.5 rounded-lg border px-3 py-2 text-sm",
                role === each ? "border-accent bg-accent-soft" : "border-line-strong hover:border-ink-3",
              )}
            >
              <span className="flex items-center gap-2 font-semibold text-base">
                <input
                  type="radio"
                  name="role"
                  checked={role === each}
                  onChange={() => choose(each)}
                  className="accent-accent"
                />
                {each}
              </span>
              <span className="text-ink-2">{roles[each]}</span>
            </label>
          ))}
        </fieldset>
        <div>
          <pre
            data-testid="join-command"
            className="min-h-[4.75rem] whitespace-pre-wrap rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-sm leading-relaxed [overflow-wrap:anywhere]"
          >
            {seen && command !== undefined ? command : HIDDEN}
          </pre>
          <div className="mt-2 flex flex-wrap gap-2">
            <Button
              look="primary"
              size="sm"
              busy={join.isPending}
              onClick={() => quietly(ask().then(copyText).then(setCopied))}
            >
              <Copy aria-hidden className="size-3.5" />
              {copied ? "Copied" : "Copy command"}
            </Button>
            <Button
              size="sm"
              disabled={join.isPending}
              onClick={() => (seen ? setSeen(false) : quietly(ask().then(() => setSeen(true))))}
            >
              {seen ? <EyeOff aria-hidden className="size-3.5" /> : <Eye aria-hidden className="size-3.5" />}
              {seen ? "Hide" : "Show"}
            </Button>
            <Button look="quiet" size="sm" className="ml-auto" onClick={() => setRotating(true)}>
              <RefreshCw aria-hidden className="size-3.5" />
              New token
            </Button>
          </div>
          {rotating && (
            <div role="alert" className="mt-2 rounded-lg bg-warn-soft px-3.5 py-2.5 text-sm text-warn-ink">
              <p>
                Join commands for {role}s given out before stop working. Nodes that have joined are not
                touched.
              </p>
              <div className="mt-2 flex gap-2">
                <Button
                  size="sm"
                  busy={join.isPending}
                  onClick={() =>
                    quietly(
                      ask(true).then(() => {
                        setRotating(false);
                        setRotated(true);
                        setCopied(false);
                      }),
                    )
                  }
                >
                  Make a new token
                </Button>
                <Button size="sm" look="quiet" onClick={() => setRotating(false)}>
                  Keep it
                </Button>
              </div>
            </div>
          )}
          {rotated && (
            <p role="status" className="mt-2 text-ok-ink text-sm">
              The token is new; earlier commands for {role}s no longer work.
            </p>
          )}
          {join.error !== null && (
            <div className="mt-2">
              <ProblemNote problem={asProblem(join.error)} />
            </div>
          )}
          <p className="mt-2 text-ink-3 text-sm">
            Treat it like a password: whoever has it can join. That it was asked for is on record.
          </p>
        </div>
        <div>
          <h3 className="mb-1 font-medium">These ports must be open between the machines</h3>
          <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 text-sm">
            {ports.map(([port, what]) => (
              <div key={port} className="contents">
                <dt className="num font-mono text-[12.5px]">{port}</dt>
                <dd className="text-ink-2">{what}</dd>
              </div>
            ))}
          </dl>
        </div>
      </div>
    </Dialog>
  );
}
