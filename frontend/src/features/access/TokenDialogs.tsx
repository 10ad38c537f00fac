import { KeyRound } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Token, TokenCreated } from "@/api/types";
import { Button } from "@/components/Button";
import { Command, CopyButton } from "@/components/CopyButton";
import { ConfirmDialog, Dialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { Hint, ProblemNote } from "@/components/States";
import { useCreateToken, useRevokeToken } from "@/hooks/useApi";

const lifetimes: [words: string, days: number | null][] = [
  ["7 days", 7],
  ["30 days", 30],
  ["90 days", 90],
  ["1 year", 365],
  ["never", null],
];

export function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState<number | null>(90);
  const create = useCreateToken();
  const id = useId();
  if (create.data !== undefined) return <Created token={create.data} onClose={onClose} />;
  const problem = create.error === null ? null : asProblem(create.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), expires_in_days: days });
  };
  return (
    <Dialog
      title="New token"
      description="For scripts, CI and agents. It may do what you may do."
      onClose={onClose}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label="Name"
          autoFocus
          required
          autoComplete="off"
          placeholder="laptop"
          value={name}
          hint="Whoever uses it appears under this name."
          onChange={(event) => setName(event.target.value)}
        />
        <div>
          <label htmlFor={id} className="mb-1 block font-medium">
            Expires
          </label>
          <select
            id={id}
            value={String(days)}
            onChange={(event) => setDays(event.target.value === "null" ? null : Number(event.target.value))}
            className="field"
          >
            {lifetimes.map(([words, value]) => (
              <option key={words} value={String(value)}>
                {value === null ? words : `in ${words}`}
              </option>
            ))}
          </select>
        </div>
        {problem !== null && <ProblemNote problem={problem} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending} disabled={name.trim() === ""}>
            Create token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Created({ token, onClose }: { token: TokenCreated; onClose: () => void }) {
  return (
    <Dialog title={`Token ${token.name}`} onClose={onClose}>
      <div className="flex flex-col gap-4">
        <Hint icon={KeyRound}>
          This is the only time it is shown; only its hash is kept. Copy it now to where it is used.
        </Hint>
        <div className="flex items-center gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
          <output aria-label="Token" className="min-w-0 flex-1 font-mono text-sm [overflow-wrap:anywhere]">
            {token.token}
          </output>
          <CopyButton text={token.token} label="Copy token" />
        </div>
        <Command>{`curl -H "Authorization: Bearer $TOKEN" \\\n  ${globalThis.location.origin}/api/services`}</Command>
        <div className="flex justify-end">
          <Button look="primary" onClick={onClose}>
            I have copied it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

export function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const revoke = useRevokeToken();
  return (
    <ConfirmDialog
      title={`Revoke ${token.name}?`}
      confirm="Revoke"
      danger
      busy={revoke.isPending}
      onConfirm={() => revoke.mutate(token, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        Everything that signs in with this token is refused from the next request on. It cannot be brought
        back.
      </p>
      {revoke.error !== null && <ProblemNote problem={asProblem(revoke.error)} />}
    </ConfirmDialog>
  );
}
