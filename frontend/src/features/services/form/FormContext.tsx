// What every field of the form needs: the definition, how to change it, and the server's reasons.
import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { ProblemField } from "@/api/types";
import { type Path, valueAt, withValue } from "@/lib/definitionValue";
import type { Data } from "@/lib/draftSession";
import type { Names } from "./names";

interface Form {
  data: Data;
  names: Names;
  change: (data: Data) => void;
  set: (path: Path, value: unknown) => void;
  reasonAt: (path: Path, noun?: string) => string | undefined;
}

const Context = createContext<Form | null>(null);

/** `definition.ports[1].target` → `ports[1].target` */
const bare = (field: string) => field.replace(/^(definition|yaml|body)\.(?=.)/, "");

interface Props {
  data: Data;
  names: Names;
  errors: readonly ProblemField[];
  onChange: (data: Data) => void;
  children: ReactNode;
}

export function FormProvider({ data, names, errors, onChange, children }: Props) {
  const form = useMemo<Form>(
    () => ({
      data,
      names,
      change: onChange,
      set: (path, value) => onChange(withValue(data, path, value)),
      reasonAt: (path, noun) => {
        const dotted = path.join(".");
        const found = errors.filter(({ field }) => {
          const at = bare(field);
          return at === dotted || at.startsWith(`${dotted}.`) || at.startsWith(`${dotted}[`);
        });
        if (found.length === 0) return undefined;
        return found
          .map((error) => placed(bare(error.field).slice(dotted.length), error.reason, noun))
          .join(" ");
      },
    }),
    [data, names, errors, onChange],
  );
  return <Context value={form}>{children}</Context>;
}

/** Which row it is about, in the words of the form. */
function placed(rest: string, reason: string, noun: string | undefined): string {
  const row = /^\[(\d+)\]/.exec(rest)?.[1];
  const inText = /^\[(\d+)\] /.exec(reason);
  if (noun === undefined) return reason;
  if (row !== undefined) return `${noun} ${Number(row) + 1} ${reason}.`;
  if (inText !== null) return `${noun} ${Number(inText[1]) + 1} ${reason.slice(inText[0].length)}.`;
  return reason;
}

export function useForm(): Form {
  const form = useContext(Context);
  if (form === null) throw new Error("A field stands outside of a form.");
  return form;
}

export function useFormValue(path: Path) {
  const { data, set, reasonAt } = useForm();
  return {
    value: valueAt(data, path),
    set: (value: unknown) => set(path, value),
    reason: reasonAt(path),
  };
}
