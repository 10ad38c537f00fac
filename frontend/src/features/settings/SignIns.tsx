// The browsers that are signed in, and the way to end one.
import { MonitorSmartphone } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem } from "@/api/problem";
import type { SignIn } from "@/api/types";
import { Button } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { ProblemState, SkeletonRows } from "@/components/States";
import { Badge } from "@/components/StatusBadge";
import { useSignIns } from "@/hooks/useActivity";
import { useMay } from "@/hooks/usePermissions";
import { day } from "@/lib/format";
import { later } from "@/lib/later";
import { barred } from "@/lib/permissions";
import { comesFrom } from "@/lib/signIns";

const EndSignInDialog = later(() => import("./EndSignInDialog"));

export function SignIns() {
  const { data, error, refetch } = useSignIns();
  const mayNot = useMay()("admin");
  const [ending, setEnding] = useState<SignIn | null>(null);
  return (
    <Card title="Sign-ins" sub="browsers that may act in your name">
      {data === undefined ? (
        error === null ? (
          <SkeletonRows rows={2} label="Loading sign-ins" />
        ) : (
          <ProblemState problem={asProblem(error)} onRetry={() => void refetch()} />
        )
      ) : data.items.length === 0 ? (
        <p className="px-4 py-5 text-ink-3">No browser is signed in: you look at this with a token.</p>
      ) : (
        <ul aria-label="Sign-ins">
          {data.items.map((one) => (
            <li
              key={one.id}
              className="flex items-center gap-3 border-line border-b px-4 py-2.5 last:border-b-0"
            >
              <MonitorSmartphone aria-hidden className="size-4 shrink-0 text-ink-3" />
              <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
                <span className="min-w-0">
                  <b className="font-semibold">{one.username}</b>{" "}
                  <span className="num text-ink-2">at {comesFrom(one)}</span>
                </span>
                {one.current && <Badge tone="ok" word="this browser" />}
                <span className="num text-ink-3 text-sm">
                  seen <RelativeTime at={one.last_seen_at} />, signed in <RelativeTime at={one.created_at} />,
                  until {day(one.expires_at)}
                </span>
              </span>
              <Button
                size="sm"
                className="ml-auto"
                aria-label={`End sign-in of ${one.username} at ${comesFrom(one)}${one.current ? ", this browser" : ""}`}
                onClick={() => setEnding(one)}
                {...barred(mayNot)}
              >
                End
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Suspense>
        {ending !== null && <EndSignInDialog signIn={ending} onClose={() => setEnding(null)} />}
      </Suspense>
    </Card>
  );
}
