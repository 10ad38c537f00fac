// Fields for one value each; a form of writing that a field cannot show is named, and left to the text.
import { clsx } from "clsx";
import { type ReactNode, useId, useState } from "react";
import { Field } from "@/components/Field";
import { isPlain, type Path, shown, typed, typedWords } from "@/lib/definitionValue";
import { useFormValue } from "./FormContext";

export const code = "font-mono text-[12.5px]";
/** Names and values are taken as they are typed: no browser mends them. */
export const asTyped = { spellCheck: false, autoCapitalize: "none", autoComplete: "off" } as const;

interface TextProps {
  path: Path;
  label: string;
  kind?: "text" | "number" | "words";
  hint?: ReactNode;
  placeholder?: string;
  options?: readonly string[];
  required?: boolean;
  className?: string;
}

export function TextField({
  path,
  label,
  kind = "text",
  hint,
  placeholder,
  options,
  required,
  className,
}: TextProps) {
  const { value, set, reason } = useFormValue(path);
  const id = useId();
  // What is typed stays as it is, also where the value is another spelling of it.
  const [draft, setDraft] = useState<{ text: string; means: string } | null>(null);
  const here = shown(value);
  const text = draft !== null && draft.means === here ? draft.text : here;
  if (kind !== "words" && !isPlain(value))
    return (
      <div className={className}>
        <p className="mb-1 font-medium">{label}</p>
        <p className="text-ink-3 text-sm">Written in a long form; change it in YAML.</p>
      </div>
    );
  return (
    <>
      <Field
        label={label}
        className={className}
        required={required}
        inputMode={kind === "number" ? "numeric" : undefined}
        list={options === undefined ? undefined : id}
        placeholder={placeholder}
        {...asTyped}
        value={text}
        error={reason}
        hint={hint}
        onChange={(event) => {
          const next = kind === "words" ? typedWords(event.target.value) : typed(event.target.value, kind);
          setDraft({ text: event.target.value, means: shown(next) });
          set(next);
        }}
      />
      {options !== undefined && (
        <datalist id={id}>
          {options.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
    </>
  );
}

interface ChoiceProps {
  path: Path;
  label: string;
  /** Value and word; the empty value leaves the key out. */
  options: readonly (readonly [string, string])[];
  hint?: ReactNode;
  className?: string;
}

export function ChoiceField({ path, label, options, hint, className }: ChoiceProps) {
  const { value, set, reason } = useFormValue(path);
  const id = useId();
  const here = shown(value);
  const unknown = !options.some(([option]) => option === here);
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium">
        {label}
      </label>
      <select
        id={id}
        value={here}
        aria-invalid={reason !== undefined || undefined}
        aria-describedby={reason === undefined ? undefined : `${id}-error`}
        className="field"
        onChange={(event) => set(event.target.value === "" ? undefined : event.target.value)}
      >
        {unknown && <option value={here}>{here}</option>}
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
      {reason !== undefined && (
        <p id={`${id}-error`} className="mt-1 text-bad-ink text-sm">
          {reason}
        </p>
      )}
      {hint !== undefined && <p className="mt-1 text-ink-3 text-sm">{hint}</p>}
    </div>
  );
}

interface SwitchProps {
  path: Path;
  label: string;
  hint?: ReactNode;
  on?: unknown;
}

export function SwitchField({ path, label, hint, on = true }: SwitchProps) {
  const { value, set, reason } = useFormValue(path);
  return (
    <label className="flex cursor-pointer items-start gap-2.5">
      <input
        type="checkbox"
        checked={value === on}
        onChange={(event) => set(event.target.checked ? on : undefined)}
        className="mt-0.5 size-4 accent-[var(--accent)]"
      />
      <span>
        <span className="font-medium">{label}</span>
        {hint !== undefined && <span className="block text-ink-3 text-sm">{hint}</span>}
        {reason !== undefined && <span className="block text-bad-ink text-sm">{reason}</span>}
      </span>
    </label>
  );
}

export const Line = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={clsx("grid grid-cols-2 items-start gap-x-4 gap-y-4 sm:grid-cols-3", className)}>
    {children}
  </div>
);
