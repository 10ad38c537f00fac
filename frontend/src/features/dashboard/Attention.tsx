// What needs attention, worst first: each a sentence, with the place to act beside it.
import { Link } from "@tanstack/react-router";
import { CircleCheck, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { HealthReport, Service } from "@/api/types";
import { buttonClass } from "@/components/Button";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { Said } from "@/components/Said";
import { Badge, NodeBadge, StatusBadge } from "@/components/StatusBadge";
import { asSentence } from "@/lib/format";
import { needsAttention, replicaWords, serviceMeaning } from "@/lib/status";

const MOST = 12;

function Item({
  badge,
  title,
  sub,
  sentence,
  action,
}: {
  badge: ReactNode;
  title: string;
  sub?: ReactNode;
  sentence: string | null;
  action?: ReactNode;
}) {
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-1 border-line border-b px-4 py-3 last:border-b-0 md:grid-cols-[11rem_minmax(0,1fr)_auto]">
      <span className="flex max-md:order-first max-md:col-span-full">{badge}</span>
      <div className="min-w-0">
        <b className="font-semibold">{title}</b> <span className="num text-ink-3 text-sm">{sub}</span>
        {sentence !== null && (
          <p className="text-ink-2 [overflow-wrap:anywhere]">
            <Said>{sentence}</Said>
          </p>
        )}
      </div>
      {action}
    </li>
  );
}

/** Sentences of the report that no row below tells already. */
function otherProblems(report: HealthReport, services: readonly Service[]): string[] {
  return report.problems.filter(
    (sentence) =>
      sentence !== report.engine.detail &&
      !report.nodes.some((node) => sentence.startsWith(`Node ${node.hostname} `)) &&
      !services.some(
        (service) => sentence.startsWith(`${service.name} is `) || sentence.startsWith(`${service.name}: `),
      ),
  );
}

export function Attention({ report, services }: { report: HealthReport; services: readonly Service[] }) {
  const away = report.nodes.filter((node) => node.state !== "ready");
  const troubled = services.filter(needsAttention);
  const others = otherProblems(report, services);
  const total = away.length + troubled.length + others.length;
  if (total === 0) {
    return (
      <section aria-label="Needs attention" className="card flex items-center gap-3 px-4 py-3.5">
        <CircleCheck aria-hidden className="size-5 shrink-0 text-ok-ink" />
        <p>
          <b className="font-semibold">
            {report.engine.connected
              ? "Everything runs as wanted."
              : "Everything ran as wanted when last seen."}
          </b>{" "}
          <span className="text-ink-2">
            {report.quorum_margin > 0
              ? `${report.quorum_margin === 1 ? "One more manager" : `${report.quorum_margin} more managers`} may be lost before the swarm stops taking changes.`
              : "Losing a manager would stop the swarm from taking changes."}
          </span>
        </p>
      </section>
    );
  }
  const show = buttonClass("plain", "sm");
  return (
    <Card title="Needs attention" sub="worst first">
      <ul>
        {others.map((sentence) => (
          <Item
            key={sentence}
            badge={<Badge tone="warn" icon={TriangleAlert} word="problem" />}
            title="Swarm"
            sentence={sentence}
          />
        ))}
        {away.map((node) => (
          <Item
            key={node.id}
            badge={<NodeBadge node={node} />}
            title={node.hostname}
            sub={`node, ${node.address}`}
            sentence={`${node.state_message === "" ? `The node is ${node.state}.` : asSentence(node.state_message)} What it last reported may no longer be so.`}
            action={
              <Link
                to="/nodes/$id"
                params={{ id: node.id }}
                className={show}
                aria-label={`Show ${node.hostname}`}
              >
                Show
              </Link>
            }
          />
        ))}
        {troubled.slice(0, MOST).map((service) => (
          <Item
            key={service.name}
            badge={<StatusBadge service={service} />}
            title={service.name}
            sub={
              <>
                {service.live && service.desired > 0 && `${replicaWords(service)} running, `}
                changed <RelativeTime at={service.updated_at} />
              </>
            }
            sentence={service.message ?? service.problem?.reason ?? `It is ${serviceMeaning(service).word}.`}
            action={
              <Link
                to="/services/$name"
                params={{ name: service.name }}
                search={
                  service.status === "broken"
                    ? { tab: "definition" }
                    : service.status === "failed"
                      ? { tab: "tasks" }
                      : {}
                }
                className={show}
                aria-label={`${service.status === "broken" ? "Mend" : "Show"} ${service.name}`}
              >
                {service.status === "broken" ? "Mend" : "Show"}
              </Link>
            }
          />
        ))}
        {troubled.length > MOST && (
          <li className="px-4 py-2.5 text-sm">
            <Link
              to="/services"
              search={{ show: "problems" }}
              className="text-accent underline underline-offset-2"
            >
              and {troubled.length - MOST} more
            </Link>
          </li>
        )}
      </ul>
    </Card>
  );
}
