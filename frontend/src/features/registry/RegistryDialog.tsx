// Adding a registry, or changing what it is signed in with.
import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Registry } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { Hint, ProblemNote } from "@/components/States";
import { usePutRegistry } from "@/hooks/useImages";

interface Props {
  /** The one whose credentials change; without it another is added. */
  registry?: Registry;
  onSaved?: (host: string) => void;
  onClose: () => void;
}

/** `https://host/` and `host` mean the same registry. */
const hostOf = (text: string) =>
  text
    .trim()
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "");

export default function RegistryDialog({ registry, onSaved, onClose }: Props) {
  const [address, setAddress] = useState(registry?.url ?? "");
  const [username, setUsername] = useState(registry?.username ?? "");
  const [password, setPassword] = useState("");
  const put = usePutRegistry();
  const host = registry?.host ?? hostOf(address);
  const problem = put.error === null ? null : asProblem(put.error);
  const errors = new Map(problem?.errors.map(({ field, reason }) => [field.replace(/^body\./, ""), reason]));
  const shown = ["url", "host", "username", "password", "identity_token"].some((field) => errors.has(field));
  const credentials = () => {
    const name = username.trim();
    if (name !== "") return { username: name, ...(password !== "" && { password }) };
    if (password !== "") return { identity_token: password };
    return registry?.username == null ? {} : { username: null, password: null };
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const url = address.trim();
    put.mutate(
      {
        host,
        ...(registry === undefined && /^https?:\/\//.test(url) && { url }),
        ...credentials(),
      },
      {
        onSuccess: ({ trial }) => {
          if (trial.outcome === "refused") return;
          onSaved?.(host);
          onClose();
        },
      },
    );
  };
  const known = registry?.has_password === true;
  const trial = put.data?.trial;
  return (
    <Dialog
      title={registry === undefined ? "Add registry" : `Credentials of ${registry.host}`}
      description={
        registry === undefined
          ? "Its images can then be looked at here, and pulled by every node."
          : undefined
      }
      onClose={onClose}
    >
      <form onSubmit={submit} autoComplete="off" className="flex flex-col gap-4">
        {registry === undefined && (
          <Field
            label="Address"
            required
            autoFocus
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            placeholder="registry.example.com:5000"
            value={address}
            error={errors.get("url") ?? errors.get("host")}
            hint="As images name it. One without TLS is written with its http://."
            onChange={(event) => setAddress(event.target.value)}
          />
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field
            label="User name"
            autoFocus={registry !== undefined}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            value={username}
            error={errors.get("username")}
            onChange={(event) => setUsername(event.target.value)}
          />
          <Field
            label="Password or token"
            type="password"
            autoComplete="new-password"
            placeholder={known ? "kept as it is" : ""}
            value={password}
            error={errors.get("password") ?? errors.get("identity_token")}
            onChange={(event) => setPassword(event.target.value)}
          />
        </div>
        <Hint icon={KeyRound}>
          Kept encrypted and never shown again. Each deploy hands it to the engine, so that the nodes can pull
          without a <code className="font-mono text-[12.5px]">docker login</code> of their own. Without a user
          name it is taken for an identity token. It is tried when you save.
        </Hint>
        {problem !== null && !shown && <ProblemNote problem={problem} />}
        {trial?.outcome === "refused" && <ProblemNote problem={{ detail: trial.detail, errors: [] }} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{trial === undefined ? "Cancel" : "Close"}</Button>
          <Button type="submit" look="primary" busy={put.isPending} disabled={host === ""}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
