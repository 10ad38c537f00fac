// The definition's text, to read and change; a change made meanwhile by someone else is shown, never overwritten silently.
import { useBlocker } from "@tanstack/react-router";
import { FileWarning, Info } from "lucide-react";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { ServiceDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { Source } from "@/components/Source";
import { EmptyState, Hint, ProblemNote } from "@/components/States";
import { YamlEditor } from "@/components/YamlEditor";
import { useUpdateService } from "@/hooks/useApi";
import { notify } from "@/lib/notices";
import { Revisions } from "./Revisions";
import type { useActs } from "./useActs";

type WithEtag = ServiceDetail & { etag: string | null };

interface Draft {
  text: string;
  /** The revision this draft began from. */
  etag: string | null;
}

export function DefinitionTab({ service, acts }: { service: WithEtag; acts: ReturnType<typeof useActs> }) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const update = useUpdateService(service.name);
  const dirty = draft !== null && draft.text !== service.yaml;
  useBlocker({
    shouldBlockFn: () => dirty && !globalThis.confirm(`Leave and lose the changes to ${service.name}?`),
    enableBeforeUnload: () => dirty,
  });

  if (service.yaml === null) {
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
  const { yaml } = service;
  const problem = update.error === null ? null : asProblem(update.error);
  const overtaken = dirty && draft.etag !== service.etag;
  const refused = problem !== null && problem.code !== "revision_changed" ? problem : null;
  const errors = refused?.errors ?? (!dirty && service.problem !== null ? [service.problem] : []);
  const save = (etag: string | null) => {
    if (draft === null) return;
    update.mutate(
      { yaml: draft.text, etag },
      {
        onSuccess: (saved) => {
          setDraft(null);
          notify({ kind: "done", title: `Saved revision ${saved.revision} of ${saved.name}` });
        },
      },
    );
  };
  return (
    <div className="flex max-w-4xl flex-col gap-3">
      {service.status === "broken" && !dirty && (
        <Hint icon={FileWarning}>
          This file cannot be read, so nothing can be deployed from it. What runs is left as it is. Mend the
          marked line and save.
        </Hint>
      )}
      {!dirty && service.drift && (
        <div className="flex flex-wrap items-center gap-3">
          <div className="min-w-0 flex-1">
            <Hint icon={Info}>
              The swarm still runs{" "}
              {service.deployed_revision === service.revision
                ? "something else"
                : `revision ${service.deployed_revision ?? "?"}`}
              . Deploy to apply this one.
            </Hint>
          </div>
          <Button onClick={acts.deploy}>Deploy revision {service.revision}</Button>
        </div>
      )}
      <YamlEditor
        label={`Definition of ${service.name}`}
        value={draft?.text ?? yaml}
        onChange={(text) => {
          if (update.isError) update.reset();
          setDraft({ text, etag: draft?.etag ?? service.etag });
        }}
        errors={errors}
      />
      {refused !== null && refused.errors.length === 0 && <ProblemNote problem={refused} />}
      {overtaken && (
        <section
          aria-label="Changed meanwhile"
          role="alert"
          className="card flex flex-col gap-3 border-warn p-4"
        >
          <p>
            <b className="font-semibold">Someone saved revision {service.revision} meanwhile.</b> Yours began
            from an older one. This is what the file says now:
          </p>
          <Source label="The file as it is now" className="max-h-72 rounded-lg bg-sunken">
            {yaml}
          </Source>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setDraft(null)}>Discard mine</Button>
            <Button busy={update.isPending} onClick={() => save(service.etag)}>
              Save mine over revision {service.revision}
            </Button>
          </div>
        </section>
      )}
      <div className="sticky bottom-0 flex flex-wrap items-center gap-2 bg-bg py-3 max-md:bottom-[57px]">
        <Button
          look="primary"
          busy={update.isPending}
          disabled={!dirty || overtaken}
          onClick={() => save(draft?.etag ?? null)}
        >
          Save
        </Button>
        <Button disabled={!dirty} onClick={() => setDraft(null)}>
          Revert
        </Button>
        <p className="num text-ink-3 text-sm">
          {dirty
            ? `Changed from revision ${draft.etag?.replaceAll('"', "") ?? "?"}. Saving deploys nothing.`
            : `Revision ${service.revision}`}
        </p>
      </div>
      <Revisions service={service} onRollback={acts.rollBackTo} />
    </div>
  );
}
