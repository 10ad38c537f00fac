// What becomes of each service that was changed with others: live, failures on top, with a second try.
import { Link } from "@tanstack/react-router";
import { Check, ChevronDown, X } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "@/components/Button";
import { Said } from "@/components/Said";
import { Badge, DeploymentBadge } from "@/components/StatusBadge";
import { useBulk, useBulkRun } from "@/hooks/useBulk";
import { useMay } from "@/hooks/usePermissions";
import { type BulkAct, type BulkItem, bulkRuns, failuresFirst, outcomeOf } from "@/lib/bulkRuns";
import { plural } from "@/lib/format";
import { barred } from "@/lib/permissions";
import { serviceActNeeds } from "@/lib/serviceActs";

const doing: Record<BulkAct, string> = {
  deploy: "Deploying",
  stop: "Stopping",
  restart: "Restarting",
  scale: "Scaling",
  delete: "Deleting",
};
const done: Record<BulkAct, string> = {
  deploy: "Deployed",
  stop: "Stopped",
  restart: "Restarted",
  scale: "Scaled",
  delete: "Deleted",
};
/** So many are drawn; what went wrong is on top. */
const DRAWN = 100;

export default function BulkResults() {
  const run = useBulkRun();
  const may = useMay();
  const start = useBulk();
  const [open, setOpen] = useState(true);
  if (run === null) return null;
  const { act, items, replicas } = run;
  const outcomes = items.map(outcomeOf);
  const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  const [good, bad, going] = [count("good"), count("bad"), count("going")];
  const failed = items.filter((item) => outcomeOf(item) === "bad");
  const foreign = failed.filter((item) => item.problem?.code === "not_ours");
  const others = failed.filter((item) => item.problem?.code !== "not_ours");
  const names = (some: BulkItem[]) => some.map(({ service }) => service);
  return (
    <section
      aria-label="Results for each service"
      className="overflow-hidden rounded-xl border border-line-strong bg-raised shadow-xl"
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 py-2 pr-2 pl-4">
        <p className="font-semibold">
          {going > 0 ? doing[act] : done[act]} {plural(items.length, "service")}
          {act === "scale" && replicas !== null && ` to ${replicas}`}
        </p>
        <p className="num text-ink-2 text-sm" aria-live="polite">
          {[
            ...(bad > 0 ? [`${bad} failed`] : []),
            ...(going > 0 ? [`${going} under way`] : []),
            ...(good > 0 ? [`${good} done`] : []),
          ].join(", ")}
        </p>
        <div className="ml-auto flex items-center gap-1">
          {foreign.length > 0 && (
            <Button
              size="sm"
              onClick={() => void start({ act, services: names(foreign), adopt: true, again: true })}
              {...barred(may(serviceActNeeds[act]))}
            >
              Take over {foreign.length}
            </Button>
          )}
          {others.length > 0 && (
            <Button
              size="sm"
              onClick={() => void start({ act, services: names(others), replicas, again: true })}
              {...barred(may(serviceActNeeds[act]))}
            >
              Retry {others.length} failed
            </Button>
          )}
          <IconButton
            label={open ? "Fold the results" : "Unfold the results"}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            <ChevronDown className={open ? "" : "rotate-180"} />
          </IconButton>
          <IconButton label="Dismiss the results" onClick={() => bulkRuns.set(null)}>
            <X />
          </IconButton>
        </div>
      </div>
      <div aria-hidden className="flex h-[3px] bg-sunken">
        <span className="bg-bad transition-[width]" style={{ width: `${(100 * bad) / items.length}%` }} />
        <span className="bg-ok transition-[width]" style={{ width: `${(100 * good) / items.length}%` }} />
      </div>
      {open && (
        <ul className="max-h-[min(18rem,40dvh)] overflow-y-auto py-1">
          {failuresFirst(items)
            .slice(0, DRAWN)
            .map((item) => (
              <Result key={item.service} item={item} />
            ))}
          {items.length > DRAWN && (
            <li className="px-4 py-1 text-ink-3 text-sm">and {items.length - DRAWN} more</li>
          )}
        </ul>
      )}
    </section>
  );
}

function Result({ item }: { item: BulkItem }) {
  const { service, deployment, problem, waiting } = item;
  const cause = deployment?.cause ?? problem?.detail ?? null;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1">
      <Link
        to="/services/$name"
        params={{ name: service }}
        search={{ tab: "deployments" }}
        className="min-w-40 font-medium hover:text-accent hover:underline"
      >
        {service}
      </Link>
      {waiting ? (
        <Badge tone="wait" word="asked for" />
      ) : deployment !== null ? (
        <DeploymentBadge state={deployment.state} />
      ) : problem !== null ? (
        <Badge tone="bad" word="refused" />
      ) : (
        <Badge tone="ok" word="done" icon={Check} />
      )}
      {cause !== null && cause !== "" && (
        <p className="w-full text-ink-2 text-sm [overflow-wrap:anywhere] sm:w-auto sm:min-w-0 sm:flex-1">
          <Said>{cause}</Said>
        </p>
      )}
    </li>
  );
}
