// One build: how far it is, its steps, and what the builder says.
import { useRef } from "react";
import type { Build, BuildStep } from "@/api/types";
import { useBuildLog } from "@/hooks/useBuildLog";
import { firstLineOf } from "@/lib/buildLog";
import { isBuildFinal } from "@/lib/status";
import { BuildFacts } from "./BuildFacts";
import { BuildHead } from "./BuildHead";
import { BuildLogPane, type LogPaneHandle } from "./BuildLogPane";
import { BuildPhases } from "./BuildPhases";
import { BuildSteps } from "./BuildSteps";

interface Props {
  build: Build;
  line: number | undefined;
  onLine: (line: number) => void;
}

/** The steps of the answer, with what the stream told of them since. */
function mergedSteps(known: readonly BuildStep[], told: ReadonlyMap<string, BuildStep>): BuildStep[] {
  const ids = new Set(known.map(({ id }) => id));
  const all = [
    ...known.map((step) => told.get(step.id) ?? step),
    ...[...told.values()].filter(({ id }) => !ids.has(id)),
  ];
  // A builder tells of its steps in any order: here they stand as they began, then as they are numbered.
  return all.sort(
    (a, b) =>
      (a.started_at ?? "9").localeCompare(b.started_at ?? "9") ||
      a.name.localeCompare(b.name, "en", { numeric: true }),
  );
}

export function BuildPanel({ build, line, onLine }: Props) {
  // A push that is tried again says more, on another stream.
  const pushes = build.phases.filter(({ phase }) => phase === "pushing").length;
  const view = useBuildLog(build.id, Math.max(1, pushes));
  const pane = useRef<LogPaneHandle>(null);
  const steps = mergedSteps(build.steps, view.steps);
  return (
    <>
      <BuildHead build={build} />
      <BuildPhases build={build} />
      <div className="grid items-start gap-4 lg:grid-cols-[21rem_minmax(0,1fr)]">
        <div className="flex min-w-0 flex-col gap-4 max-lg:order-last">
          {steps.length > 0 && (
            <BuildSteps
              steps={steps}
              ended={isBuildFinal(build.state)}
              onStep={(step) => {
                const first = firstLineOf(view.log.rows, step.id);
                if (first !== undefined) pane.current?.show(first);
              }}
            />
          )}
          <BuildFacts build={build} />
        </div>
        <BuildLogPane
          id={build.id}
          title={`Output of the build of ${build.service}`}
          view={view}
          waiting={build.state === "queued"}
          line={line}
          onLine={onLine}
          handle={pane}
        />
      </div>
    </>
  );
}
