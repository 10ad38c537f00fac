import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, LoaderCircle } from "lucide-react";
import { type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { asProblem } from "@/api/problem";
import { useDeployment } from "@/hooks/useApi";
import { later } from "@/lib/later";
import { dismiss, type Notice, noticeStore } from "@/lib/notices";
import { isFinal } from "@/lib/status";
import { Button } from "./Button";
import { CopyButton } from "./CopyButton";
import { NoticeFrame } from "./NoticeFrame";
import { OfBuild } from "./OfBuild";
import { Said } from "./Said";
import { DeploymentBadge } from "./StatusBadge";

const ApprovalNotice = later(() => import("./ApprovalNotice"));

const READ_IN = 6_000;

function useLeave(id: number, when: boolean) {
  useEffect(() => {
    if (!when) return;
    const timer = setTimeout(() => dismiss(id), READ_IN);
    return () => clearTimeout(timer);
  }, [id, when]);
}

function Frame({ notice: { id, offer }, children }: { notice: Notice; children: ReactNode }) {
  const act = offer !== undefined && (
    <Button
      size="sm"
      onClick={() => {
        dismiss(id);
        offer.run();
      }}
    >
      {offer.label}
    </Button>
  );
  return (
    <NoticeFrame act={act} onDismiss={() => dismiss(id)}>
      {children}
    </NoticeFrame>
  );
}

type PlainNotice = Extract<Notice, { title: string }>;

const plainIcons = { done: CircleCheck, problem: CircleAlert, waiting: LoaderCircle };
const plainInks = { done: "text-ok-ink", problem: "text-bad-ink", waiting: "animate-spin text-ink-3" };

function Plain({ notice }: { notice: PlainNotice }) {
  // A problem stays until it is dismissed: it may have to be read twice.
  useLeave(notice.id, notice.kind === "done");
  const Icon = plainIcons[notice.kind];
  return (
    <Frame notice={notice}>
      <div className="flex gap-2.5 py-0.5">
        <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${plainInks[notice.kind]}`} />
        <div>
          <p className="font-medium">{notice.title}</p>
          {notice.detail !== undefined && (
            <p className="text-ink-2 text-sm">
              <Said>{notice.detail}</Said>
            </p>
          )}
          <More notice={notice} />
        </div>
      </div>
    </Frame>
  );
}

/** Where to look further: the service, and the number that the server's log knows it by. */
export function More({ notice: { about, reference } }: { notice: PlainNotice }) {
  if (about === undefined && reference === undefined) return null;
  return (
    <p className="mt-0.5 flex flex-wrap items-center gap-x-3 text-sm">
      {about !== undefined && (
        <Link
          to="/services/$name"
          params={{ name: about }}
          className="text-accent underline underline-offset-2"
        >
          Show {about}
        </Link>
      )}
      {reference !== undefined && (
        <span className="flex items-center gap-1 text-ink-3">
          error number <code className="font-mono text-[12.5px]">{reference}</code>
          <CopyButton text={reference} label="Copy the error number" />
        </span>
      )}
    </p>
  );
}

function Following({ notice }: { notice: Notice & { kind: "deployment" } }) {
  const { data, error } = useDeployment(notice.deploymentId);
  useLeave(notice.id, data?.state === "succeeded" || data?.state === "superseded");
  const cause = error === null ? data?.cause : asProblem(error).detail;
  return (
    <Frame notice={notice}>
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
        {data !== undefined && <OfBuild deployment={data} />}
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

export default function Toaster() {
  const notices = useSyncExternalStore(noticeStore.subscribe, noticeStore.get);
  return (
    <section
      aria-label="Results"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-[60] md:inset-x-auto md:right-6 md:bottom-6 md:w-[24rem]"
    >
      <ol aria-live="polite" className="flex flex-col gap-2">
        <Suspense>
          <ApprovalNotice />
        </Suspense>
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
