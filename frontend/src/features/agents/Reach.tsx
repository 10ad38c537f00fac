// What stands between the agent and this address: who can listen, and who can reach it at all.
import { LockOpen, Monitor } from "lucide-react";
import { Hint } from "@/components/States";
import { usePlainHttp } from "@/hooks/usePlainHttp";
import { isLoopback } from "@/lib/loopback";

export function Reach({ origin }: { origin: string }) {
  const plain = usePlainHttp();
  const here = isLoopback(origin);
  return (
    <>
      {plain && (
        <div
          role="alert"
          className="flex gap-2.5 rounded-lg bg-warn-soft px-3.5 py-2.5 text-sm text-warn-ink"
        >
          <LockOpen aria-hidden className="mt-0.5 size-4 shrink-0" />
          <p>
            <b className="font-semibold">This page came over plain HTTP.</b> The token goes over the network
            as it is, now and with every call of the agent: whoever is on the way can take it and do what it
            may do. Put a TLS proxy in front of the orchestrator first, and open this page through it.
          </p>
        </div>
      )}
      {here && (
        <Hint icon={Monitor}>
          <span className="font-mono text-[12.5px]">{origin}</span> is this machine alone. An agent elsewhere
          needs the address by which that machine reaches the orchestrator: open this page by it.
        </Hint>
      )}
    </>
  );
}
