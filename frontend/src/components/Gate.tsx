// The frame of sign-in and setup.
import { LockOpen } from "lucide-react";
import type { ReactNode } from "react";
import { usePlainHttp } from "@/hooks/usePlainHttp";
import { Mark } from "./Brand";
import { ThemeSwitch } from "./Header";
import { Hint } from "./States";

export function Gate({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  const plain = usePlainHttp();
  return (
    <div className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="fixed top-3 right-4">
        <ThemeSwitch />
      </div>
      <main className="flex w-full max-w-[24rem] flex-col gap-4">
        <div className="flex items-center justify-center gap-2.5 font-[650] text-lg tracking-tight">
          <Mark className="size-7 text-accent" />
          Swarm Orchestrator
        </div>
        <div className="card flex flex-col gap-4 p-6">
          <div>
            <h1 className="font-[650] text-xl tracking-tight">{title}</h1>
            <p className="mt-1 text-ink-2">{lead}</p>
          </div>
          {children}
        </div>
        {plain && (
          <Hint icon={LockOpen}>
            This page came over plain HTTP: anyone on the network between can read the password. Put a TLS
            proxy in front of the orchestrator first.
          </Hint>
        )}
      </main>
    </div>
  );
}
