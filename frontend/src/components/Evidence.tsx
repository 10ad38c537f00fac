// How a deployment went: when it got where, and what its tasks showed when it went wrong.
import type { Deployment } from "@/api/types";
import { clockTime, whenExactly } from "@/lib/format";
import { deploymentMeaning } from "@/lib/status";
import { TaskBadge } from "./StatusBadge";

type Phase = Deployment["phases"][number]["phase"];

const words: Record<Phase, string> = {
  accepted: "accepted",
  building: "waited for a build",
  sent: "taken by the engine",
  unknown: "no answer from the engine",
  starting: "first task on a node",
  converged: "all up",
  lost: "no longer all up",
  verdict: "verdict",
};

const after = (from: string, to: string) => {
  const seconds = Math.max(0, (new Date(to).getTime() - new Date(from).getTime()) / 1000);
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
};

export function Phases({ deployment }: { deployment: Deployment }) {
  const { phases, created_at: from, state } = deployment;
  const shown = phases.filter(({ phase }) => phase !== "accepted" && phase !== "building");
  if (shown.length === 0) return null;
  return (
    <ol aria-label="Phases" className="num mt-1 flex flex-wrap gap-x-1.5 text-ink-3 text-sm">
      {shown.map(({ phase, at }, index) => (
        <li key={`${phase} ${at}`} title={whenExactly(at)} className="whitespace-nowrap">
          {index > 0 && <span aria-hidden>→ </span>}
          {phase === "verdict" ? deploymentMeaning(state).word : words[phase]}{" "}
          <span className="text-ink-2">{after(from, at)}</span>
        </li>
      ))}
    </ol>
  );
}

export function Evidence({ deployment }: { deployment: Deployment }) {
  if (deployment.evidence.length === 0) return null;
  return (
    <ul aria-label="Evidence" className="mt-2 flex flex-col gap-2">
      {deployment.evidence.map((each) => (
        <li
          key={`${each.task} ${each.node} ${each.at}`}
          className="overflow-hidden rounded-lg border border-line"
        >
          <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1 px-3 py-2 text-sm">
            <b className="font-medium font-mono text-[12.5px]">{each.task}</b>
            <TaskBadge state={each.state} />
            {each.node !== null && <span className="text-ink-2">on {each.node}</span>}
            {each.exit_code !== null && (
              <span className="num text-bad-ink">
                exit code {each.exit_code}
                {each.meaning !== null && `: ${each.meaning}`}
              </span>
            )}
            <time dateTime={each.at} title={whenExactly(each.at)} className="num ml-auto text-ink-3">
              {clockTime(each.at).slice(0, 8)}
            </time>
            {each.error !== "" && (
              <span className="w-full text-ink-2 [overflow-wrap:anywhere]">{each.error}</span>
            )}
          </div>
          {each.log.length > 0 && (
            <section aria-label={`Last lines of ${each.task}`}>
              <pre className="max-h-56 overflow-auto whitespace-pre-wrap bg-[#0e1114] px-3 py-2 font-mono text-[#d5dbe1] text-xs leading-relaxed [overflow-wrap:anywhere]">
                {each.log.join("\n")}
              </pre>
            </section>
          )}
        </li>
      ))}
    </ul>
  );
}
