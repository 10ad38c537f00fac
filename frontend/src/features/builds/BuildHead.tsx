// What is built, how far it is, and what can be done with it.
import { Link } from "@tanstack/react-router";
import { CircleStop, Hammer, Rocket, RotateCw } from "lucide-react";
import { Suspense, useState } from "react";
import { asProblem, inWords } from "@/api/problem";
import type { Build } from "@/api/types";
import { Button } from "@/components/Button";
import { Said } from "@/components/Said";
import { BuildBadge, DeploymentBadge } from "@/components/StatusBadge";
import { useDeploy, useDeployment, useService } from "@/hooks/useApi";
import { usePushAgain } from "@/hooks/useBuilds";
import { useMay } from "@/hooks/usePermissions";
import { later } from "@/lib/later";
import { notify } from "@/lib/notices";
import { barred } from "@/lib/permissions";
import { isBuildFinal } from "@/lib/status";

const CancelDialog = later(() => import("./CancelDialog"));
const BuildDialog = later(() => import("@/components/BuildDialog"));

export function BuildHead({ build }: { build: Build }) {
  const { state, service } = build;
  const [open, setOpen] = useState<"cancel" | "again" | null>(null);
  const may = useMay();
  const deploy = useDeploy(service);
  const push = usePushAgain(build.id);
  const ended = isBuildFinal(state);
  // A deploy takes what the definition's tag is now, which a later build changed.
  const newest = useService(service).data?.build;
  const overtaken = newest?.state === "succeeded" && newest.id !== build.id;
  const tell = (title: string) => (error: unknown) =>
    notify({ kind: "problem", title, detail: inWords(asProblem(error)) });
  return (
    <div className="mb-4">
      <div className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="font-[650] text-xl tracking-tight [overflow-wrap:anywhere]">
          <span className="sr-only">Build of </span>
          <Link to="/services/$name" params={{ name: service }} className="hover:text-accent hover:underline">
            {service}
          </Link>
        </h1>
        <BuildBadge state={state} />
        <span className="text-ink-3 text-sm">
          from{" "}
          <Link
            to="/projects/$name"
            params={{ name: build.project.split("/")[0] ?? "" }}
            className="font-mono text-[12.5px] hover:text-ink hover:underline"
          >
            {build.project}
          </Link>
        </span>
        <div className="ml-auto flex flex-wrap gap-2">
          {!ended && (
            <Button onClick={() => setOpen("cancel")} {...barred(may("build"))}>
              <CircleStop aria-hidden className="size-4" />
              Cancel build
            </Button>
          )}
          {ended && (
            <Button onClick={() => setOpen("again")} {...barred(may("build"))}>
              <Hammer aria-hidden className="size-4" />
              Build again
            </Button>
          )}
          {build.can_push && (
            <Button
              look="primary"
              busy={push.isPending}
              onClick={() => push.mutate(undefined, { onError: tell("Not pushed") })}
              {...barred(may("build"))}
            >
              {!push.isPending && <RotateCw aria-hidden className="size-4" />}
              Push again
            </Button>
          )}
          {state === "succeeded" && (
            <Button
              look="primary"
              busy={deploy.isPending}
              disabled={overtaken}
              title={overtaken ? `A newer build made ${build.image} something else` : undefined}
              onClick={() => deploy.mutate({}, { onError: tell(`${service} was not deployed`) })}
              {...barred(may("operate"))}
            >
              {!deploy.isPending && <Rocket aria-hidden className="size-4" />}
              Deploy
            </Button>
          )}
        </div>
      </div>
      <Sentence build={build} />
      {build.warnings.map((warning) => (
        <p key={warning} className="mt-1 max-w-3xl text-sm text-wait-ink [overflow-wrap:anywhere]">
          <Said>{warning}</Said>
        </p>
      ))}
      <Suspense fallback={null}>
        {open === "cancel" && <CancelDialog build={build} onClose={() => setOpen(null)} />}
        {open === "again" && <BuildDialog of={service} services={[service]} onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  );
}

/** What there is to know beyond the badge. */
function Sentence({ build }: { build: Build }) {
  const { state, position, cause, deploy, deployment_id: deployment } = build;
  const line = "mt-1.5 max-w-3xl [overflow-wrap:anywhere]";
  return (
    <>
      {state === "queued" && (
        <p className={`${line} num text-ink-2`}>
          {position === null || position <= 1
            ? "It is the next one to be built."
            : `Number ${position} in the queue: others are built first.`}
        </p>
      )}
      {cause !== null && cause !== "" && (
        <p className={`${line} ${state === "failed" ? "text-bad-ink" : "text-ink-2"}`}>
          <Said>{cause}</Said>
        </p>
      )}
      {deployment !== null ? (
        <Deployed id={deployment} service={build.service} waits={!isBuildFinal(state)} />
      ) : (
        deploy &&
        !isBuildFinal(state) && <p className={`${line} text-ink-2`}>It is deployed when it succeeds.</p>
      )}
    </>
  );
}

function Deployed({ id, service, waits }: { id: string; service: string; waits: boolean }) {
  const { data } = useDeployment(id);
  return (
    <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-ink-2">
      <Link
        to="/services/$name"
        params={{ name: service }}
        search={{ tab: "deployments" }}
        className="underline decoration-line-strong underline-offset-2 hover:text-accent"
      >
        {waits ? "A deployment waits for it" : "Its deployment"}
      </Link>
      {data !== undefined && !waits && <DeploymentBadge state={data.state} />}
      {data?.cause != null && data.cause !== "" && (
        <span className="[overflow-wrap:anywhere]">
          <Said>{data.cause}</Said>
        </span>
      )}
    </p>
  );
}
