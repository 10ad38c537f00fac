import { Link } from "@tanstack/react-router";
import { ShieldX } from "lucide-react";
import { useState } from "react";
import type { TokenCreated } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Card, PageTitle } from "@/components/Layout";
import { EmptyState } from "@/components/States";
import { TokenForm } from "@/components/TokenForm";
import { TokenOnce } from "@/components/TokenOnce";
import { ClientBlocks } from "@/features/agents/ClientBlocks";
import { Reach } from "@/features/agents/Reach";
import { usePageTitle } from "@/hooks/usePageTitle";
import { useMay } from "@/hooks/usePermissions";
import { day } from "@/lib/format";
import { isScope } from "@/lib/tokens";

export function ConnectAgent() {
  usePageTitle("Connect an agent");
  // Nowhere else: it is gone when the page is left.
  const [token, setToken] = useState<TokenCreated | null>(null);
  const mayNot = useMay()("admin");
  const { origin } = globalThis.location;
  return (
    <>
      <PageTitle title="Connect an agent" sub="an MCP client, such as Claude Code, Cursor or VS Code" />
      <div className="grid max-w-4xl gap-4">
        {mayNot !== null ? (
          <div className="card">
            <EmptyState icon={ShieldX} title="You may not make tokens">
              <p>{mayNot} Ask an admin for a token, or to connect the agent for you.</p>
            </EmptyState>
          </div>
        ) : token === null ? (
          <Card title="A token for it" sub="the agent is who the token says, and may do no more">
            <div className="flex flex-col gap-4 p-4">
              <Reach origin={origin} />
              <TokenForm placeholder="claude-code" asks onCreated={setToken} />
            </div>
          </Card>
        ) : (
          <Made token={token} origin={origin} onAnother={() => setToken(null)} />
        )}
      </div>
    </>
  );
}

function Made({ token, origin, onAnother }: { token: TokenCreated; origin: string; onAnother: () => void }) {
  const scope = isScope(token.scope) ? token.scope : "read";
  return (
    <>
      <Card title={`Token ${token.name}`} sub={inShort(token)}>
        <div className="flex flex-col gap-4 p-4">
          <TokenOnce token={token} />
          <Reach origin={origin} />
        </div>
      </Card>
      <Card title="Tell the agent" sub="each block is ready to be pasted">
        <div className="px-4 pb-4">
          <ClientBlocks connection={{ origin, token: token.token, scope }} />
        </div>
      </Card>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onAnother}>Connect another</Button>
        <Link to="/settings" className={buttonClass("primary")}>
          I have copied it
        </Link>
      </div>
    </>
  );
}

const inShort = ({ scope, confirm, expires_at: until }: TokenCreated) =>
  [
    scope,
    scope === "read" ? "changes nothing" : confirm ? "asks first" : "asks nobody",
    until === null ? "never expires" : `until ${day(until)}`,
  ].join(", ");
