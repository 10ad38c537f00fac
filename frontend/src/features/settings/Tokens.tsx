// API tokens: create, see what each may do and when it was last used, revoke.
import { Link } from "@tanstack/react-router";
import { Bot, Hand, KeyRound, Plus } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Token } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useTokens } from "@/hooks/useApi";
import { useNow } from "@/hooks/useNow";
import { useMay } from "@/hooks/usePermissions";
import { day } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";
import { isScope, scopeMeaning } from "@/lib/tokens";

const NewTokenDialog = later(() => import("./NewTokenDialog"));
const RevokeDialog = later(() => import("./RevokeDialog"));

const ASKS = "What would hurt waits under Approvals until a person agrees.";
const tracks =
  "@2xl:grid-cols-[minmax(9rem,1.4fr)_minmax(9rem,1fr)_minmax(8rem,1fr)_minmax(6rem,.8fr)_minmax(6rem,.8fr)_5.5rem]";

export function Tokens() {
  const { data, error, refetch } = useTokens();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const mayNot = useMay()("admin");
  const add = (
    <>
      {mayNot === null && (
        <Link to="/connect-agent" className={buttonClass("plain", "sm")}>
          <Bot aria-hidden className="size-3.5" />
          Connect an agent
        </Link>
      )}
      <Button size="sm" look="primary" onClick={() => setCreating(true)} {...barred(mayNot)}>
        <Plus aria-hidden className="size-3.5" />
        New token
      </Button>
    </>
  );
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <Card
      title="API tokens"
      sub="for curl, CI and agents, each with a name and an end"
      aside={data !== undefined && data.items.length > 0 ? add : undefined}
    >
      <div className="@container">
        {data === undefined ? (
          error === null ? (
            <SkeletonRows rows={3} label="Loading tokens" />
          ) : (
            <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
          )
        ) : data.items.length === 0 ? (
          <EmptyState icon={KeyRound} title="No tokens" action={add}>
            <p>
              A token lets curl, CI or an agent use the API in your name, with{" "}
              <code className="font-mono text-[12.5px]">Authorization: Bearer …</code>. Each has a name, an
              end, and can be revoked by itself.
            </p>
          </EmptyState>
        ) : (
          <table className="block">
            <caption className="sr-only">API tokens</caption>
            <thead className="block @max-2xl:sr-only">
              <tr className={`grid gap-x-3 border-line border-b px-4 py-2 ${tracks}`}>
                {["Name", "May do", "Created", "Last used", "Expires"].map((word) => (
                  <th key={word} scope="col" className={heading}>
                    {word}
                  </th>
                ))}
                <th scope="col" className={heading}>
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody className="block">
              {data.items.map((token) => (
                <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
      <Suspense>
        {creating && <NewTokenDialog onClose={() => setCreating(false)} />}
        {revoking !== null && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
      </Suspense>
    </Card>
  );
}

function TokenRow({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const now = useNow(60_000);
  const expired = token.expires_at !== null && new Date(token.expires_at).getTime() < now;
  return (
    <tr
      className={`grid grid-cols-[1fr_auto] items-center gap-x-3 gap-y-0.5 border-line border-b px-4 py-2 last:border-b-0 ${tracks}`}
    >
      <th scope="row" className="truncate text-left font-semibold">
        {token.name}
      </th>
      <td className="flex flex-wrap gap-1 @max-2xl:order-last @max-2xl:col-span-full">
        <span
          title={isScope(token.scope) ? scopeMeaning[token.scope] : undefined}
          className="text-ink-2 text-sm"
        >
          {token.scope}
        </span>
        {token.confirm && <Badge tone="wait" icon={Hand} word="asks first" title={ASKS} />}
      </td>
      <td className="truncate text-ink-2 text-sm @max-2xl:hidden">
        <RelativeTime at={token.created_at} className="num" />{" "}
        <span className="text-ink-3">by {token.created_by}</span>
      </td>
      <td className="text-ink-2 text-sm @max-2xl:order-last @max-2xl:col-span-full">
        <span className="@2xl:sr-only">Last used: </span>
        {token.last_used_at === null ? "never" : <RelativeTime at={token.last_used_at} className="num" />}
      </td>
      <td className="text-ink-2 text-sm @max-2xl:hidden">
        {token.expires_at === null ? (
          "never"
        ) : (
          <span className={expired ? "text-bad-ink" : ""}>
            {expired ? "expired " : ""}
            {day(token.expires_at)}
          </span>
        )}
      </td>
      <td className="flex justify-end">
        <Button
          size="sm"
          aria-label={`Revoke ${token.name}`}
          onClick={onRevoke}
          {...barred(useMay()("admin"))}
        >
          Revoke
        </Button>
      </td>
    </tr>
  );
}
