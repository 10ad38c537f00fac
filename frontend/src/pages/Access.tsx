import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Token } from "@/api/types";
import { Button } from "@/components/Button";
import { PageTitle } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { EmptyState, ProblemState, SkeletonRows } from "@/components/States";
import { NewTokenDialog, RevokeDialog } from "@/features/access/TokenDialogs";
import { useTokens } from "@/hooks/useApi";
import { useNow } from "@/hooks/useNow";
import { usePageTitle } from "@/hooks/usePageTitle";
import { day } from "@/lib/format";

const tracks = "@2xl:grid-cols-[minmax(10rem,1.4fr)_minmax(7rem,1fr)_minmax(7rem,1fr)_minmax(7rem,1fr)_6rem]";

export function Access() {
  const { data, error, refetch } = useTokens();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  usePageTitle("Access");
  const add = (
    <Button look="primary" onClick={() => setCreating(true)}>
      <Plus aria-hidden className="size-4" />
      New token
    </Button>
  );
  const heading = "text-left font-semibold text-ink-3 text-xs";
  return (
    <>
      <PageTitle
        title="Access"
        sub="API tokens"
        actions={data !== undefined && data.items.length > 0 ? add : undefined}
      />
      <div className="card @container overflow-hidden">
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
                {["Name", "Created", "Last used", "Expires"].map((word) => (
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
      {creating && <NewTokenDialog onClose={() => setCreating(false)} />}
      {revoking !== null && <RevokeDialog token={revoking} onClose={() => setRevoking(null)} />}
    </>
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
      <td className="text-ink-2 text-sm @max-2xl:hidden">
        <RelativeTime at={token.created_at} className="num" />
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
        <Button size="sm" aria-label={`Revoke ${token.name}`} onClick={onRevoke}>
          Revoke
        </Button>
      </td>
    </tr>
  );
}
