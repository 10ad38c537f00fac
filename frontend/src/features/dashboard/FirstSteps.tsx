// What to do first, on a cluster that runs nothing yet.
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import type { HealthReport } from "@/api/types";
import { buttonClass } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { Card } from "@/components/Layout";
import { NewServiceLink } from "@/components/NewServiceLink";
import { plural } from "@/lib/format";

interface StepProps {
  number: number;
  title: string;
  done?: boolean;
  children: ReactNode;
}

function Step({ number, title, done = false, children }: StepProps) {
  return (
    <li className="flex gap-3.5 border-line border-b px-4 py-4 last:border-b-0">
      <span
        aria-hidden
        className={`num grid size-6 shrink-0 place-items-center rounded-full font-semibold text-sm ${
          done ? "bg-ok-soft text-ok-ink" : "bg-accent-soft text-accent"
        }`}
      >
        {done ? <Check className="size-3.5" strokeWidth={3} /> : number}
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-2">
        <h3 className="font-semibold">
          {title}
          {done && <span className="sr-only"> (done)</span>}
        </h3>
        <div className="flex max-w-2xl flex-col items-start gap-2.5 text-ink-2">{children}</div>
      </div>
    </li>
  );
}

export function FirstSteps({ report, definitions }: { report: HealthReport; definitions: number }) {
  const { engine, nodes } = report;
  return (
    <Card title="First steps" sub="nothing is deployed">
      <ol>
        <Step number={1} title="Connect the swarm" done={engine.connected}>
          <p>
            {engine.connected
              ? `Docker ${engine.engine_version} answers: ${plural(nodes.length, "node")} ready to take tasks.`
              : "The engine does not answer; see above why. DOCKER_HOST names another one."}
          </p>
          <Link to="/nodes" className="text-accent underline underline-offset-2">
            Nodes, and how others join
          </Link>
        </Step>
        <Step number={2} title="Write down what should run" done={definitions > 0}>
          <p>
            {definitions > 0 &&
              `The catalog has ${plural(definitions, "definition")}, ready to be deployed or changed. `}
            A definition is a short YAML file: image, replicas, ports. A form writes it for you, or you keep
            the files in git.
          </p>
          <NewServiceLink look={definitions > 0 ? "plain" : "primary"} size="sm">
            {definitions > 0 ? "Write another" : "Write the first definition"}
          </NewServiceLink>
        </Step>
        <Step number={3} title="Deploy it and watch the slots fill in">
          <p>
            Each change is followed to a verdict. When one fails, the cause and the last lines of its log
            stand here, first on the page.
          </p>
          {definitions > 0 && (
            <Link to="/services" className={buttonClass("primary", "sm")}>
              Deploy one
            </Link>
          )}
        </Step>
        <Step number={4} title="Let scripts and agents in">
          <p>
            With a token from{" "}
            <Link to="/settings" className="text-accent underline underline-offset-2">
              Settings
            </Link>{" "}
            everything on this page can be done by curl:
          </p>
          <div className="w-full">
            <Command>{`curl -H "Authorization: Bearer $TOKEN" \\\n  ${globalThis.location.origin}/api/services`}</Command>
          </div>
        </Step>
      </ol>
    </Card>
  );
}
