// The definition of a service, to read and change; a change made meanwhile by someone else is never overwritten silently.
import { Eye, FileWarning, Info } from "lucide-react";
import { useEffect, useRef } from "react";
import { asProblem } from "@/api/problem";
import type { ServiceDetail } from "@/api/types";
import { ActBar } from "@/components/ActBar";
import { Button } from "@/components/Button";
import { EmptyState, Hint, ProblemNote } from "@/components/States";
import { useUpdateService } from "@/hooks/useApi";
import { useServiceDraft } from "@/hooks/useDrafts";
import { useMay, useWhyNot } from "@/hooks/usePermissions";
import { drafts } from "@/lib/keptDrafts";
import { complain, notify } from "@/lib/notices";
import { barred } from "@/lib/permissions";
import { Conflict } from "./Conflict";
import { DefinitionEditor, type Way } from "./DefinitionEditor";
import { Revisions } from "./Revisions";
import type { useActs } from "./useActs";

type WithEtag = ServiceDetail & { etag: string | null };

interface Props {
  service: WithEtag;
  acts: ReturnType<typeof useActs>;
  way: Way;
  onWay: (way: Way) => void;
}

export default function DefinitionTab(props: Props) {
  const { service } = props;
  if (service.yaml !== null) return <Editing {...props} yaml={service.yaml} />;
  return (
    <div className="card">
      <EmptyState icon={FileWarning} title="No definition">
        <p>
          {service.in_catalog
            ? "The file of this service could not be read."
            : "This service is not in the catalog: the swarm knows it, but there is no file that says what is wanted."}
        </p>
      </EmptyState>
    </div>
  );
}

function Editing({ service, acts, way, onWay, yaml }: Props & { yaml: string }) {
  const { name } = service;
  const now = { text: yaml, etag: service.etag };
  const { session, state, base, dirty, overtaken, restart, saved } = useServiceDraft(name, now);
  const update = useUpdateService(name);
  const left = useRef(false);
  useEffect(() => {
    left.current = false;
    return () => {
      left.current = true;
    };
  }, []);
  const problem = update.error === null ? null : asProblem(update.error);
  const refused = problem !== null && problem.code !== "revision_changed" ? problem : null;

  const save = async (etag: string | null, thenDeploy: boolean) => {
    const ended = drafts.saving(name);
    try {
      await session.settle();
      const { text } = session.read();
      const done = await update.mutateAsync({ yaml: text, etag });
      saved({ text, etag: `"${done.revision}"` });
      if (thenDeploy) acts.deploy();
      else notify({ kind: "done", title: `Saved revision ${done.revision} of ${done.name}` });
    } catch (error) {
      const why = asProblem(error);
      if (why.errors.length > 0) session.refused(why.errors);
      // What is said beside the text is seen by nobody who went on meanwhile.
      if (left.current || (why.errors.length === 0 && why.code !== "revision_changed"))
        complain(`${name} was not saved`, why, name);
    } finally {
      ended();
    }
  };
  const wrong = state.errors.length;
  const may = useMay();
  const whyNot = useWhyNot();
  const mayNotSave = may("edit");
  // To deploy the same once more would end the same way.
  const takenBack =
    service.reason === "rolled_back" &&
    service.deployed_revision !== null &&
    service.deployed_revision !== service.revision;
  return (
    <div className="flex flex-col gap-3">
      {service.status === "broken" && !dirty && (
        <Hint icon={FileWarning}>
          This file cannot be read, so nothing can be deployed from it. What runs is left as it is. Mend the
          marked line and save.
        </Hint>
      )}
      {mayNotSave !== null && (
        <Hint icon={Eye}>You may read this definition, but not save another one. {mayNotSave}</Hint>
      )}
      {!dirty && service.drift && (
        <div className="flex flex-wrap items-center gap-3">
          <div className="min-w-0 flex-1">
            <Hint icon={Info}>
              {takenBack
                ? `Revision ${service.revision} failed and was taken back: the swarm runs revision ${service.deployed_revision} again. Mend the text and deploy it, or roll back, so that the text says what runs.`
                : `The swarm still runs ${
                    service.deployed_revision === service.revision
                      ? "something else"
                      : `revision ${service.deployed_revision ?? "?"}`
                  }. Deploy to apply this one.`}
            </Hint>
          </div>
          {takenBack ? (
            <Button
              onClick={() => acts.rollBackTo(service.deployed_revision)}
              {...barred(whyNot(service, "rollback"))}
            >
              Roll back to revision {service.deployed_revision}
            </Button>
          ) : (
            <Button onClick={acts.deploy} {...barred(whyNot(service, "deploy"))}>
              Deploy revision {service.revision}
            </Button>
          )}
        </div>
      )}
      {overtaken && (
        <Conflict
          revision={service.revision}
          base={base.text}
          mine={state.text}
          theirs={yaml}
          busy={update.isPending}
          mayNotSave={mayNotSave}
          onTheirs={() => restart(now)}
          onMerged={(text) => {
            restart(now, text);
            onWay("yaml");
          }}
          onOverwrite={() => void save(service.etag, false)}
        />
      )}
      <DefinitionEditor
        key={base.text}
        session={session}
        state={state}
        errors={state.errors}
        label={`Definition of ${name}`}
        fileName={`${name}.yaml`}
        way={way}
        onWay={onWay}
      />
      {refused !== null && refused.errors.length === 0 && <ProblemNote problem={refused} />}
      <ActBar>
        <Button
          look="primary"
          busy={update.isPending}
          disabled={!dirty || overtaken}
          onClick={() => void save(base.etag, true)}
          {...barred(mayNotSave ?? may("operate"))}
        >
          Save and deploy
        </Button>
        <Button
          disabled={!dirty || overtaken || update.isPending}
          onClick={() => void save(base.etag, false)}
          {...barred(mayNotSave)}
        >
          Save
        </Button>
        <Button look="quiet" disabled={!dirty} onClick={() => restart(now)}>
          Revert
        </Button>
        <p role="status" className="num text-ink-3 text-sm">
          {dirty
            ? `Changed from revision ${base.etag?.replaceAll('"', "") ?? "?"}`
            : `Revision ${service.revision}`}
          {wrong > 0 && (
            <span className="text-bad-ink">
              {" · "}
              {wrong} {wrong === 1 ? "problem" : "problems"}
            </span>
          )}
        </p>
      </ActBar>
      <Revisions service={service} onRollback={acts.rollBackTo} />
    </div>
  );
}
