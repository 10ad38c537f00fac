// What goes on in the swarm right now, and how one's own acts ended: it stays when the notices are gone.
import { Dialog as BaseDialog } from "@base-ui/react/dialog";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, Hammer, X } from "lucide-react";
import { type ReactNode, useSyncExternalStore } from "react";
import type { Build } from "@/api/types";
import { useInFlight } from "@/hooks/useActivity";
import { useDeployment } from "@/hooks/useApi";
import { useBuilds } from "@/hooks/useBuilds";
import { type Kept, noticeStore } from "@/lib/notices";
import { isBuildFinal } from "@/lib/status";
import { BuildTook } from "./BuildList";
import { IconButton } from "./Button";
import { RelativeTime } from "./RelativeTime";
import { RolloutLine } from "./RolloutProgress";
import { Said } from "./Said";
import { BuildBadge, DeploymentBadge } from "./StatusBadge";
import { More } from "./Toaster";

const ROLLOUTS = 50;
const BUILDS = 20;

export default function JobsDrawer({ onClose }: { onClose: () => void }) {
  const { data: rollouts } = useInFlight(ROLLOUTS);
  const builds = (useBuilds({}, BUILDS).data?.items ?? []).filter(({ state }) => !isBuildFinal(state));
  const done = useSyncExternalStore(noticeStore.subscribe, noticeStore.kept);
  const moving = rollouts?.items ?? [];
  return (
    <BaseDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-black/30" />
        <BaseDialog.Popup className="fixed inset-y-0 right-0 z-50 flex w-[min(34rem,100vw)] flex-col overflow-y-auto border-line border-l bg-raised shadow-2xl">
          <div className="sticky top-0 z-10 flex items-center gap-3 border-line border-b bg-raised px-4 py-3">
            <BaseDialog.Title className="flex-1 font-semibold text-lg tracking-tight">
              Under way
            </BaseDialog.Title>
            <BaseDialog.Close
              render={
                <IconButton label="Close">
                  <X />
                </IconButton>
              }
            />
          </div>
          <Part title="Rollouts" empty={moving.length === 0 && "Nothing is rolled out right now."}>
            {moving.map((deployment) => (
              <RolloutLine key={deployment.id} deployment={deployment} named />
            ))}
          </Part>
          <Part title="Builds" empty={builds.length === 0 && "Nothing is built right now."}>
            {builds.map((build) => (
              <BuildLine key={build.id} build={build} onGo={onClose} />
            ))}
          </Part>
          <Part
            title="Your acts since this page was opened"
            empty={done.length === 0 && "None yet. What you do is listed here with how it ended."}
          >
            {done.toReversed().map((notice) => (
              <Act key={notice.id} notice={notice} onGo={onClose} />
            ))}
          </Part>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

function Part({ title, empty, children }: { title: string; empty: string | false; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-line border-b py-3 last:border-b-0">
      <h3 className="px-4 pb-1 font-semibold text-ink-3 text-xs">{title}</h3>
      {empty === false ? children : <p className="px-4 py-1 text-ink-2 text-sm">{empty}</p>}
    </section>
  );
}

function BuildLine({ build, onGo }: { build: Build; onGo: () => void }) {
  return (
    <div className="flex min-h-[41px] items-center gap-3 px-4 py-2">
      <Hammer aria-hidden className="size-4 text-ink-3" />
      <Link
        to="/builds/$id"
        params={{ id: build.id }}
        onClick={onGo}
        className="font-medium underline decoration-line-strong underline-offset-2 hover:text-accent"
      >
        Build of {build.service}
      </Link>
      <span className="num ml-auto text-ink-3 text-sm">
        <BuildTook build={build} />
      </span>
      <BuildBadge state={build.state} />
    </div>
  );
}

function Act({ notice, onGo }: { notice: Kept; onGo: () => void }) {
  const at = <RelativeTime at={notice.at} className="num ml-auto shrink-0 text-ink-3 text-sm" />;
  if (notice.kind === "deployment") return <Deployed notice={notice} at={at} onGo={onGo} />;
  const Icon = notice.kind === "done" ? CircleCheck : CircleAlert;
  return (
    <div className="flex gap-2.5 px-4 py-1.5">
      <Icon
        aria-hidden
        className={`mt-0.5 size-4 shrink-0 ${notice.kind === "done" ? "text-ok-ink" : "text-bad-ink"}`}
      />
      <div className="min-w-0 [overflow-wrap:anywhere]">
        <p className="font-medium">{notice.title}</p>
        {notice.detail !== undefined && (
          <p className="text-ink-2 text-sm">
            <Said>{notice.detail}</Said>
          </p>
        )}
        <More notice={notice} />
      </div>
      {at}
    </div>
  );
}

function Deployed({
  notice,
  at,
  onGo,
}: {
  notice: Kept & { kind: "deployment" };
  at: ReactNode;
  onGo: () => void;
}) {
  const { data } = useDeployment(notice.deploymentId);
  return (
    <div className="px-4 py-1.5">
      <div className="flex flex-wrap items-center gap-x-2.5">
        {data !== undefined && <DeploymentBadge state={data.state} />}
        <Link
          to="/deployments/$id"
          params={{ id: notice.deploymentId }}
          onClick={onGo}
          className="font-medium underline decoration-line-strong underline-offset-2 hover:text-accent"
        >
          {notice.act} {notice.service}
        </Link>
        {at}
      </div>
      {data?.cause != null && data.cause !== "" && (
        <p className="mt-0.5 text-ink-2 text-sm [overflow-wrap:anywhere]">
          <Said>{data.cause}</Said>
        </p>
      )}
    </div>
  );
}
