// What a new token is called, what it may do, whether it asks first, and until when.
import { clsx } from "clsx";
import { TriangleAlert } from "lucide-react";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { TokenCreated, TokenScope } from "@/api/types";
import { useCreateToken } from "@/hooks/useApi";
import { scopeMeaning, scopes, scopeWarning } from "@/lib/tokens";
import { Button } from "./Button";
import { Field } from "./Field";
import { ProblemNote } from "./States";

const lifetimes: [words: string, days: number | null][] = [
  ["7 days", 7],
  ["30 days", 30],
  ["90 days", 90],
  ["1 year", 365],
  ["never", null],
];

interface Props {
  placeholder: string;
  /** A token for an agent asks first unless one says otherwise. */
  asks: boolean;
  aside?: ReactNode;
  onCreated: (token: TokenCreated) => void;
}

export function TokenForm({ placeholder, asks, aside, onCreated }: Props) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<TokenScope>("operate");
  const [confirm, setConfirm] = useState(asks);
  const [days, setDays] = useState<number | null>(90);
  const create = useCreateToken();
  const problem = create.error === null ? null : asProblem(create.error);
  const warning = scopeWarning(scope, confirm);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      { name: name.trim(), scope, confirm: confirm && scope !== "read", expires_in_days: days },
      { onSuccess: onCreated },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field
        label="Name"
        autoFocus
        required
        maxLength={64}
        autoComplete="off"
        placeholder={placeholder}
        value={name}
        hint="Whoever uses it appears under this name."
        onChange={(event) => setName(event.target.value)}
      />
      <ScopeChoice value={scope} onChoose={setScope} />
      <AsksFirst value={confirm} scope={scope} onChange={setConfirm} />
      {warning !== null && (
        <p role="note" className="flex gap-2.5 rounded-lg bg-warn-soft px-3.5 py-2.5 text-sm text-warn-ink">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>{warning}</span>
        </p>
      )}
      <Lifetime value={days} onChoose={setDays} />
      {problem !== null && <ProblemNote problem={problem} />}
      <div className="flex justify-end gap-2">
        {aside}
        <Button type="submit" look="primary" busy={create.isPending} disabled={name.trim() === ""}>
          Create token
        </Button>
      </div>
    </form>
  );
}

function ScopeChoice({ value, onChoose }: { value: TokenScope; onChoose: (scope: TokenScope) => void }) {
  const id = useId();
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium">What it may do</legend>
      {scopes.map((each) => (
        <label
          key={each}
          className={clsx(
            "flex cursor-pointer items-start gap-2.5 rounded-lg border px-3 py-2",
            value === each ? "border-accent bg-accent-soft" : "border-line-strong hover:border-ink-3",
          )}
        >
          <input
            type="radio"
            name={id}
            aria-label={each}
            aria-describedby={`${id}-${each}`}
            checked={value === each}
            onChange={() => onChoose(each)}
            className="mt-1 accent-accent"
          />
          <span>
            <span className="font-semibold">{each}</span>
            <span id={`${id}-${each}`} className="block text-ink-2 text-sm">
              {scopeMeaning[each]}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface AsksProps {
  value: boolean;
  scope: TokenScope;
  onChange: (asks: boolean) => void;
}

function AsksFirst({ value, scope, onChange }: AsksProps) {
  const id = useId();
  const pointless = scope === "read";
  return (
    <label className={clsx("flex items-start gap-2.5", pointless ? "text-ink-3" : "cursor-pointer")}>
      <input
        type="checkbox"
        aria-label="Ask a person first"
        aria-describedby={id}
        checked={value && !pointless}
        disabled={pointless}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-1 accent-accent"
      />
      <span>
        <span className="font-medium">Ask a person first</span>
        <span id={id} className="block text-sm text-ink-3">
          {pointless
            ? "Nothing to ask about: it changes nothing."
            : "What ends something, cannot be taken back or reaches far waits under Approvals until a person agrees."}
        </span>
      </span>
    </label>
  );
}

function Lifetime({ value, onChoose }: { value: number | null; onChoose: (days: number | null) => void }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-medium">
        Expires
      </label>
      <select
        id={id}
        value={String(value)}
        onChange={(event) => onChoose(event.target.value === "null" ? null : Number(event.target.value))}
        className="field"
      >
        {lifetimes.map(([words, days]) => (
          <option key={words} value={String(days)}>
            {days === null ? words : `in ${words}`}
          </option>
        ))}
      </select>
    </div>
  );
}
