// What needs attention, worst first: each a problem in words, since when, with the place to act beside it.
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import type { AttentionItem, HealthReport } from "@/api/types";
import { Button, buttonClass } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { ServiceLinks } from "@/components/ServiceLinks";
import { Badge } from "@/components/StatusBadge";
import { useDeploymentOf } from "@/hooks/useApi";
import { lastWords, restates, type Trouble, troubles } from "@/lib/attention";
import { asSentence, plural } from "@/lib/format";

const MOST = 8;
const EVIDENCE = 2;

export function Attention({ report }: { report: HealthReport }) {
  const found = troubles(report.attention);
  const [all, setAll] = useState(false);
  if (found.length === 0) return <AllWell report={report} />;
  const shown = all ? found : found.slice(0, MOST);
  const left = found.slice(shown.length).reduce((sum, { items }) => sum + items.length, 0);
  return (
    <Card title="Needs attention" sub="worst first">
      <ul>
        {shown.map((trouble) => (
          <Row key={trouble.key} trouble={trouble} />
        ))}
      </ul>
      {left > 0 && (
        <div className="border-line border-t p-2 text-center">
          <Button look="quiet" size="sm" onClick={() => setAll(true)}>
            Show {plural(left, "more problem")}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Row({ trouble }: { trouble: Trouble }) {
  const { items, tone, word, reason, title, since, cause, evidence } = trouble;
  const [first] = items;
  const names = items.flatMap(({ service, node }) => service ?? node ?? []);
  const many = items.length > 1;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-1 border-line border-b px-4 py-3 last:border-b-0 md:grid-cols-[11rem_minmax(0,1fr)_auto]">
      <span className="flex max-md:order-first max-md:col-span-full">
        <Badge tone={tone} word={word} reason={many ? undefined : reason} />
      </span>
      <div className="min-w-0">
        <b className="font-semibold">{title}</b>{" "}
        <span className="num text-ink-3 text-sm">
          {!many && first?.desired != null && first.desired > 0 && (
            <>
              {first.running} of {first.desired} running,{" "}
            </>
          )}
          {since !== null && (
            <>
              since <RelativeTime at={since} />
            </>
          )}
        </span>
        <p className="text-ink-2 [overflow-wrap:anywhere]">
          {cause !== null ? (
            <Said>{many ? `For example: ${asSentence(cause)}` : asSentence(cause)}</Said>
          ) : (
            first !== undefined && <Said>{first.sentence}</Said>
          )}
        </p>
        {many && first?.kind === "service" && (
          <p className="mt-0.5 text-sm">
            <ServiceLinks names={names} most={6} none="" />
          </p>
        )}
        {many && first?.kind === "node" && (
          <p className="mt-0.5 text-ink-3 text-sm">
            {names.slice(0, 8).join(", ")}
            {names.length > 8 && ` +${names.length - 8}`}
          </p>
        )}
        {!many && first !== undefined && <Shown item={first} evidence={evidence} />}
      </div>
      <span className="flex flex-wrap justify-end gap-1.5">
        <Ways trouble={trouble} />
      </span>
    </li>
  );
}

const exited: AttentionItem["reason"][] = ["non_zero_exit", "restarting", "rolled_back"];

/** What its tasks showed; the last thing one of them wrote before it ended comes first. */
function Shown({ item, evidence }: { item: AttentionItem; evidence: readonly string[] }) {
  const { data: deployment } = useDeploymentOf(
    exited.includes(item.reason) ? (item.deployment ?? null) : null,
  );
  const words = deployment === undefined ? null : lastWords(deployment);
  const more = evidence.filter((said) => !restates(said, item.cause));
  // That it is so is said above; who and how often is worth one line more.
  const lines = [...more, ...evidence.filter((said) => !more.includes(said)).slice(0, 1)].slice(
    0,
    EVIDENCE - (words === null ? 0 : 1),
  );
  if (lines.length === 0 && words === null) return null;
  return (
    <ul
      aria-label={`Evidence of ${item.service ?? item.node ?? item.kind}`}
      className="mt-0.5 text-ink-3 text-sm"
    >
      {words !== null && (
        <li
          title={`The last line of ${words.task}`}
          className="truncate font-mono text-ink-2 text-xs leading-[1.2rem]"
        >
          {words.line}
        </li>
      )}
      {lines.map((said) => (
        <li
          key={said}
          className={clsx("[overflow-wrap:anywhere]", restates(said, item.cause) && "max-sm:hidden")}
        >
          {said}
        </li>
      ))}
    </ul>
  );
}

/** One click to the place where it is seen and mended. */
function Ways({ trouble: { items } }: { trouble: Trouble }) {
  const [first] = items;
  const show = buttonClass("plain", "sm");
  if (first === undefined) return null;
  if (first.kind === "service" && items.length > 1)
    return (
      <Link
        to="/services"
        search={first.reason === "rolled_back" ? { q: "status:rolled-back" } : { show: "problems" }}
        className={show}
      >
        Show all {items.length}
      </Link>
    );
  if (first.service !== null) {
    const back = first.reason === "rolled_back";
    // Both are mended in the text.
    const mend = first.status === "broken" || (back && first.deployment !== null);
    return (
      <>
        {first.deployment !== null && first.status !== "pending" && (
          <Link
            to="/deployments/$id"
            params={{ id: first.deployment }}
            aria-label={`Last change of ${first.service}`}
            className={clsx(buttonClass("quiet", "sm"), !back && "max-sm:hidden")}
          >
            Last change
          </Link>
        )}
        <Link
          to="/services/$name"
          params={{ name: first.service }}
          search={mend ? { tab: "definition" } : { tab: "tasks" }}
          className={show}
          aria-label={`${mend ? "Mend" : "Show"} ${first.service}`}
        >
          {mend ? "Mend" : "Show"}
        </Link>
      </>
    );
  }
  if (first.node_id !== null && items.length === 1)
    return (
      <Link to="/nodes/$id" params={{ id: first.node_id }} className={show} aria-label={`Show ${first.node}`}>
        Show
      </Link>
    );
  if (first.kind === "node" || first.kind === "quorum")
    return (
      <Link to="/nodes" className={show} aria-label="Show the nodes">
        Show
      </Link>
    );
  if (first.registry !== null)
    return (
      <Link
        to="/registry"
        search={{ registry: first.registry }}
        className={show}
        aria-label={`Show ${first.registry}`}
      >
        Show
      </Link>
    );
  if (first.kind === "backup" || first.kind === "copy")
    return (
      <Link to="/settings" className={show} aria-label="Show the backups">
        Show
      </Link>
    );
  return (
    <Link to="/settings" className={show} aria-label="Show the engine">
      Show
    </Link>
  );
}

function AllWell({ report }: { report: HealthReport }) {
  const { quorum_margin: margin } = report;
  return (
    <section aria-label="Needs attention" className="card flex items-center gap-3 px-4 py-3.5">
      <CircleCheck aria-hidden className="size-5 shrink-0 text-ok-ink" />
      <p>
        <b className="font-semibold">Everything runs as wanted.</b>{" "}
        <span className="text-ink-2">
          {margin > 0
            ? `${margin === 1 ? "One more manager" : `${margin} more managers`} may be lost before the swarm stops taking changes.`
            : "There is one manager: losing it stops the swarm from taking changes. Three can lose one."}
        </span>
      </p>
    </section>
  );
}
