import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { type ReactNode, useEffect, useSyncExternalStore } from "react";
import { asProblem } from "@/api/problem";
import { useDeployment } from "@/hooks/useApi";
import { dismiss, type Notice, noticeStore } from "@/lib/notices";
import { isFinal } from "@/lib/status";
import { IconButton } from "./Button";
import { Said } from "./Said";
import { DeploymentBadge } from "./StatusBadge";

const READ_IN = 6_000;

function useLeave(id: number, when: boolean) {
  useEffect(() => {
    if (!when) return;
    const timer = setTimeout(() => dismiss(id), READ_IN);
    return () => clearTimeout(timer);
  }, [id, when]);
}

function Frame({ id, children }: { id: number; children: ReactNode }) {
  return (
    <li className="pointer-events-auto flex items-start gap-2.5 rounded-xl border border-line bg-raised py-2.5 pr-2 pl-3.5 shadow-xl">
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">{children}</div>
      <IconButton label="Dismiss" onClick={() => dismiss(id)}>
        <X />
      </IconButton>
    </li>
  );
}

function Plain({ notice }: { notice: Notice & { kind: "done" | "problem" } }) {
  // A problem stays until it is dismissed: it may have to be read twice.
  useLeave(notice.id, notice.kind === "done");
  const Icon = notice.kind === "done" ? CircleCheck : CircleAlert;
  return (
    <Frame id={notice.id}>
      <div className="flex gap-2.5 py-0.5">
        <Icon
          aria-hidden
          className={`mt-0.5 size-4 shrink-0 ${notice.kind === "done" ? "text-ok-ink" : "text-bad-ink"}`}
        />
        <div>
          <p className="font-medium">{notice.title}</p>
          {notice.detail !== undefined && (
            <p className="text-ink-2 text-sm">
              <Said>{notice.detail}</Said>
            </p>
          )}
        </div>
      </div>
    </Frame>
  );
}

function Following({ notice }: { notice: Notice & { kind: "deployment" } }) {
  const { data, error } = useDeployment(notice.deploymentId);
  useLeave(notice.id, data?.state === "succeeded" || data?.state === "superseded");
  const cause = error === null ? data?.cause : asProblem(error).detail;
  return (
    <Frame id={notice.id}>
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 py-0.5">
        <span className="font-medium">
          {notice.act}{" "}
          <Link
            to="/services/$name"
            params={{ name: notice.service }}
            search={{ tab: "deployments" }}
            className="font-semibold underline decoration-line-strong underline-offset-2"
          >
            {notice.service}
          </Link>
        </span>
        {data !== undefined && <DeploymentBadge state={data.state} />}
      </div>
      {cause != null && cause !== "" && (
        <p className="mt-0.5 text-ink-2 text-sm">
          <Said>{cause}</Said>
        </p>
      )}
      {data?.warnings.map((warning) => (
        <p key={warning} className="mt-0.5 text-sm text-wait-ink">
          {warning}
        </p>
      ))}
      {data !== undefined && !isFinal(data.state) && (
        <div aria-hidden className="mt-2 mb-1 h-[3px] overflow-hidden rounded-full bg-sunken">
          <div className="h-full w-1/3 animate-[slide_1.4s_ease-in-out_infinite] rounded-full bg-move" />
        </div>
      )}
    </Frame>
  );
}

export function Toaster() {
  const notices = useSyncExternalStore(noticeStore.subscribe, noticeStore.get);
  return (
    <section
      aria-label="Results"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-[60] md:inset-x-auto md:right-6 md:bottom-6 md:w-[24rem]"
    >
      <ol aria-live="polite" className="flex flex-col gap-2">
        {notices.map((notice) =>
          notice.kind === "deployment" ? (
            <Following key={notice.id} notice={notice} />
          ) : (
            <Plain key={notice.id} notice={notice} />
          ),
        )}
      </ol>
    </section>
  );
}
