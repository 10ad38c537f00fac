// A new service, filled in or written as YAML; both end in the same file.
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem, inWords } from "@/api/problem";
import { Button } from "@/components/Button";
import { Field } from "@/components/Field";
import { Source } from "@/components/Source";
import { ProblemNote } from "@/components/States";
import { Tabs } from "@/components/Tabs";
import { YamlEditor } from "@/components/YamlEditor";
import { useCreateService, useDeploy } from "@/hooks/useApi";
import { type DefinitionForm, emptyForm, formFieldOf, toDefinition } from "@/lib/definitionForm";
import { notify } from "@/lib/notices";
import { nameIn, toYaml } from "@/lib/yamlText";
import { DefinitionFields } from "./DefinitionFields";

type Way = "form" | "yaml";

interface Props {
  way: Way;
  onWay: (way: Way) => void;
}

export function NewServiceForm({ way, onWay }: Props) {
  const [name, setName] = useState("");
  const [form, setForm] = useState<DefinitionForm>(emptyForm);
  /** Null until someone types in the YAML tab: so long it shows what the form says. */
  const [text, setText] = useState<string | null>(null);
  const create = useCreateService();
  const deploy = useDeploy(name);
  const navigate = useNavigate();

  const fromForm = toYaml(name, toDefinition(form));
  const yaml = text ?? fromForm;
  const problem = create.error === null ? null : asProblem(create.error);
  const errors: Record<string, string> = {};
  for (const { field, reason } of problem?.errors ?? []) errors[formFieldOf(field)] ??= reason;
  const nameError = errors["name"];
  // What no field of the form shows, the note must.
  const shownAtFields = problem !== null && problem.errors.length > 0;

  const write = (next: string) => {
    const inside = nameIn(next);
    if (inside !== undefined && (name === "" || name === nameIn(yaml))) setName(inside);
    setText(next);
  };
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const submitter = (event.nativeEvent as SubmitEvent).submitter;
    const alsoDeploy = submitter?.getAttribute("value") !== "create";
    create.mutate(
      { name: name.trim(), definition: way === "yaml" ? { yaml } : { definition: toDefinition(form) } },
      {
        onSuccess: () => {
          if (alsoDeploy) {
            // A promise, because this form is gone before the answer comes.
            deploy.mutateAsync({}).catch((error: unknown) =>
              notify({
                kind: "problem",
                title: `${name} is in the catalog, but was not deployed`,
                detail: inWords(asProblem(error)),
              }),
            );
          } else
            notify({
              kind: "done",
              title: `${name} is in the catalog`,
              detail: "Deploy brings it into the swarm.",
            });
          void navigate({ to: "/services/$name", params: { name: name.trim() } });
        },
      },
    );
  };
  return (
    <form onSubmit={submit} noValidate className="flex max-w-[1100px] flex-col">
      <Field
        className="max-w-md"
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
        onChange={(event) => {
          // A YAML text that says its name follows the field, so that the two stay equal.
          const next = event.target.value;
          if (text !== null) setText(text.replace(/^name:.*$/m, `name: ${next}`));
          setName(next);
        }}
      />
      <Tabs<Way>
        label="How to write it"
        value={way}
        entries={[
          { value: "form", label: "Form" },
          { value: "yaml", label: "YAML" },
        ]}
        onChange={onWay}
      >
        {way === "form" ? (
          <div className="grid gap-8 lg:grid-cols-[minmax(0,1fr)_minmax(0,22rem)]">
            <DefinitionFields form={form} onChange={setForm} errors={errors} />
            <section aria-label="The file this makes" className="max-lg:hidden">
              <div className="card sticky top-[77px] overflow-hidden">
                <h2 className="border-line border-b px-4 py-2.5 font-semibold text-sm">
                  {name === "" ? "The file this makes" : <span className="font-mono">{name}.yaml</span>}
                </h2>
                <Source label="The file as YAML" className="max-h-[60dvh]">
                  {fromForm}
                </Source>
              </div>
            </section>
            {text !== null && (
              <p className="text-ink-3 text-sm lg:col-span-full">
                What you wrote in the YAML tab stays there; the form does not read it back.
              </p>
            )}
          </div>
        ) : (
          <>
            <p className="mb-2 text-ink-2 text-sm">
              Everything a definition may say, with Compose's names: secrets, configs, health checks, update
              and restart policies, resources. Comments are kept.
              {text !== null && (
                <Button look="quiet" size="sm" className="ml-1" onClick={() => setText(null)}>
                  Start again from the form
                </Button>
              )}
            </p>
            <YamlEditor
              label="Definition as YAML"
              value={yaml}
              onChange={write}
              errors={problem?.errors ?? []}
            />
          </>
        )}
      </Tabs>
      {problem !== null && (
        <div className="mt-5">
          {shownAtFields && way === "yaml" ? (
            <p className="text-bad-ink text-sm">{problem.detail}</p>
          ) : (
            <ProblemNote problem={problem} />
          )}
        </div>
      )}
      <div className="mt-6 flex flex-wrap gap-2 border-line border-t pt-4">
        <Button type="submit" look="primary" value="deploy" busy={create.isPending}>
          Create and deploy
        </Button>
        <Button type="submit" value="create" disabled={create.isPending}>
          Create only
        </Button>
        <Button look="quiet" onClick={() => void navigate({ to: "/services" })}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
