// One draft in two forms: what is changed in the one is seen in the other.
import { FileWarning, WifiOff } from "lucide-react";
import type { ProblemField } from "@/api/types";
import { Button } from "@/components/Button";
import { Source } from "@/components/Source";
import { Hint, Skeleton } from "@/components/States";
import { Tabs } from "@/components/Tabs";
import { YamlEditor } from "@/components/YamlEditor";
import { useKnown } from "@/hooks/useDrafts";
import type { DraftSession, DraftState } from "@/lib/draftSession";
import { DefinitionForm } from "./form/DefinitionForm";
import { FormProvider } from "./form/FormContext";

export type Way = "form" | "yaml";

interface Props {
  session: DraftSession;
  state: DraftState;
  /** Those of the draft that are worth telling by now. */
  errors: readonly ProblemField[];
  label: string;
  fileName: string;
  way: Way;
  onWay: (way: Way) => void;
}

export function DefinitionEditor({ session, state, errors, label, fileName, way, onWay }: Props) {
  const known = useKnown(way === "yaml");
  return (
    <Tabs<Way>
      label="How to write it"
      value={way}
      entries={[
        { value: "form", label: "Form" },
        { value: "yaml", label: "YAML" },
      ]}
      onChange={(next) => {
        void session.settle();
        onWay(next);
      }}
    >
      {way === "form" ? (
        <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,24rem)]">
          {state.definition !== null ? (
            <fieldset disabled={state.pending === "text"} className="min-w-0">
              <legend className="sr-only">{label}</legend>
              <FormProvider
                data={state.definition}
                names={known}
                errors={errors}
                onChange={session.writeForm}
              >
                <DefinitionForm />
              </FormProvider>
            </fieldset>
          ) : state.pending === "text" && state.failure === null ? (
            <FormSkeleton />
          ) : (
            state.failure === null && <Unreadable errors={errors} onYaml={() => onWay("yaml")} />
          )}
          <section aria-label="The file this makes" className="sticky top-[77px] max-xl:hidden">
            <div className="card overflow-hidden">
              <h2 className="border-line border-b px-4 py-2.5 font-mono font-semibold text-sm">{fileName}</h2>
              <Source label="The file as YAML" className="max-h-[70dvh]">
                {state.text}
              </Source>
            </div>
          </section>
        </div>
      ) : (
        <YamlEditor
          label={label}
          value={state.text}
          onChange={session.writeText}
          errors={errors}
          known={known}
        />
      )}
      {state.failure !== null && (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <div className="min-w-0 flex-1">
            <Hint icon={WifiOff}>Not checked: {state.failure.detail} What you wrote is kept here.</Hint>
          </div>
          <Button onClick={() => void session.settle()}>Check again</Button>
        </div>
      )}
    </Tabs>
  );
}

function Unreadable({ errors, onYaml }: { errors: readonly ProblemField[]; onYaml: () => void }) {
  const [first] = errors;
  return (
    <div className="card flex flex-col items-start gap-3 p-4">
      <Hint icon={FileWarning}>
        The text cannot be read, so there is no form of it
        {first === undefined ? "." : `: ${first.line == null ? "" : `line ${first.line}: `}${first.reason}.`}
      </Hint>
      <Button onClick={onYaml}>Mend it in YAML</Button>
    </div>
  );
}

const FormSkeleton = () => (
  <div role="status" aria-label="Loading the form" className="flex flex-col gap-3">
    <Skeleton className="h-96" />
    <Skeleton className="h-11" />
    <Skeleton className="h-11" />
    <Skeleton className="h-11" />
  </div>
);
