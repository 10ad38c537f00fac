// A token at the only moment it is shown.
import { KeyRound } from "lucide-react";
import type { TokenCreated } from "@/api/types";
import { CopyButton } from "./CopyButton";
import { Hint } from "./States";

export function TokenOnce({ token }: { token: TokenCreated }) {
  return (
    <>
      <Hint icon={KeyRound}>
        This is the only time it is shown; only its hash is kept. Copy it now to where it is used.
      </Hint>
      <div className="flex items-center gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
        <output aria-label="Token" className="min-w-0 flex-1 font-mono text-sm [overflow-wrap:anywhere]">
          {token.token}
        </output>
        <CopyButton text={token.token} label="Copy token" />
      </div>
    </>
  );
}
