// Name and password, on the page of their own and over a view whose session has ended.
import { type FormEvent, useState } from "react";
import type { ApiProblem } from "@/api/problem";
import { Button } from "./Button";
import { Field } from "./Field";
import { ProblemNote } from "./States";

interface Props {
  username?: string;
  problem: ApiProblem | null;
  busy: boolean;
  onSignIn: (request: { username: string; password: string }) => void;
}

export function SignInForm({ username: known = "", problem, busy, onSignIn }: Props) {
  const [username, setUsername] = useState(known);
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSignIn({ username, password });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field
        label="User name"
        autoFocus={known === ""}
        required
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label="Password"
        type="password"
        autoFocus={known !== ""}
        required
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {problem !== null && <ProblemNote problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
