// A new service, filled in or written as YAML; both are one draft and end in the same file.
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { type FormEvent, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import type { ProblemField } from "@/api/types";
import { ActBar } from "@/components/ActBar";
import { Button } from "@/components/Button";
import { Field } from "@/components/Field";
import { ProblemNote } from "@/components/States";
import { useCreateService, useDeploy } from "@/hooks/useApi";
import { useStartBuild } from "@/hooks/useBuilds";
import { useNewDraft } from "@/hooks/useDrafts";
import { shown, valueAt } from "@/lib/definitionValue";
import type { Data } from "@/lib/draftSession";
import { complain, notify } from "@/lib/notices";
import { fromProject, imageName, startedFrom, startingPoints, startOf } from "@/lib/startingPoints";
import { DefinitionEditor, type Way } from "./DefinitionEditor";
import { UnsavedGuard } from "./UnsavedGuard";

interface Props {
  /** The folder it is built from, when one comes from there. */
  project: string | undefined;
  way: Way;
  onWay: (way: Way) => void;
}

/** What is merely not filled in yet is no news, until somebody wants to create it. */
const worthTelling = ({ field }: ProblemField, definition: Data | null) => {
  const key = field.replace(/^(definition|yaml|body)\./, "");
  return !(key === "name" || key === "image") || shown(valueAt(definition ?? {}, [key])) !== "";
};

export function NewServiceForm({ project, way, onWay }: Props) {
  const first = project === undefined ? (startingPoints[0]?.text ?? "") : fromProject(project);
  const { session, state, restart } = useNewDraft(project === undefined ? "" : imageName(project), first);
  const { name, text, definition } = state;
  const [attempted, setAttempted] = useState(false);
  const done = useRef(false);
  const create = useCreateService();
  const deploy = useDeploy(name);
  const build = useStartBuild();
  const navigate = useNavigate();

  const errors = attempted ? state.errors : state.errors.filter((error) => worthTelling(error, definition));
  const nameError = errors.find(({ field }) => /^((definition|yaml)\.)?name$/.test(field))?.reason;
  const problem = create.error === null ? null : asProblem(create.error);
  // Its image may not exist yet: a deploy alone would find nothing.
  const builds = /^build_context:[ \t]*\S/m.test(text);
  const start = project === undefined ? startOf(text) : undefined;

  const submit = async (alsoDeploy: boolean) => {
    setAttempted(true);
    await session.settle();
    const { text: yaml, name: typed } = session.read();
    const called = typed.trim();
    try {
      await create.mutateAsync({ name: called, yaml });
    } catch (error) {
      const why = asProblem(error);
      if (why.errors.length > 0) session.refused(why.errors);
      return;
    }
    done.current = true;
    if (builds && alsoDeploy) {
      build
        .mutateAsync({ service: called, deploy: true })
        .then(({ id }) => navigate({ to: "/builds/$id", params: { id } }))
        .catch((error: unknown) =>
          complain(`${called} is in the catalog, but is not built`, asProblem(error), called),
        );
    } else if (alsoDeploy) {
      // A promise, because this form is gone before the answer comes.
      deploy
        .mutateAsync({})
        .catch((error: unknown) =>
          complain(`${called} is in the catalog, but was not deployed`, asProblem(error), called),
        );
    } else
      notify({
        kind: "done",
        title: `${called} is in the catalog`,
        detail: builds ? "Build makes its image." : "Deploy brings it into the swarm.",
      });
    void navigate({ to: "/services/$name", params: { name: called }, ignoreBlocker: true });
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const submitter = (event.nativeEvent as SubmitEvent).submitter;
    void submit(submitter?.getAttribute("value") !== "create");
  };
  return (
    <form onSubmit={onSubmit} noValidate className="flex flex-col">
      <UnsavedGuard what="the new service" dirty={() => session.read().text !== first && !done.current} />
      <div className="flex flex-wrap items-start gap-x-8 gap-y-4">
        <Field
          className="w-full max-w-md"
          label="Name"
          required
          autoFocus
          placeholder="my-service"
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          value={name}
          error={nameError}
          hint="One name everywhere: of the file, in the swarm and in the address."
          onChange={(event) => session.rename(event.target.value)}
        />
        {start !== undefined && (
          <fieldset className="min-w-0">
            <legend className="mb-1 font-medium">Begin with</legend>
            <div className="flex flex-wrap gap-1.5">
              {startingPoints.map((point) => (
                <button
                  key={point.id}
                  type="button"
                  aria-pressed={point.id === start}
                  title={point.about}
                  onClick={() => restart(startedFrom(point, text))}
                  className={clsx(
                    "rounded-md border px-3 py-1.5 font-[550] transition-colors",
                    point.id === start
                      ? "border-accent bg-accent-soft text-accent"
                      : "border-line-strong bg-surface text-ink-2 hover:border-ink-3 hover:text-ink",
                  )}
                >
                  {point.title}
                </button>
              ))}
            </div>
            <p className="mt-1 text-ink-3 text-sm">{startingPoints.find(({ id }) => id === start)?.about}.</p>
          </fieldset>
        )}
      </div>
      <DefinitionEditor
        session={session}
        state={state}
        errors={errors}
        label="Definition as YAML"
        fileName={name === "" ? "The file this makes" : `${name}.yaml`}
        way={way}
        onWay={onWay}
      />
      {problem !== null && (
        <div className="mt-5">
          {problem.errors.length > 0 && way === "yaml" ? (
            <p role="alert" className="text-bad-ink text-sm">
              {problem.detail}
            </p>
          ) : (
            <ProblemNote problem={problem} />
          )}
        </div>
      )}
      <div className="h-6" />
      <ActBar>
        <Button type="submit" look="primary" value="deploy" busy={create.isPending}>
          {builds ? "Create, build and deploy" : "Create and deploy"}
        </Button>
        <Button type="submit" value="create" disabled={create.isPending}>
          Create only
        </Button>
        <Button look="quiet" onClick={() => void navigate({ to: "/services" })}>
          Cancel
        </Button>
      </ActBar>
    </form>
  );
}
