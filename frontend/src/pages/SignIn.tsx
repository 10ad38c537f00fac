import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button } from "@/components/Button";
import { Field } from "@/components/Field";
import { Gate } from "@/components/Gate";
import { ProblemNote } from "@/components/States";
import { useSignIn } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";

const route = getRouteApi("/sign-in");

export function SignIn() {
  const { next } = route.useSearch();
  const router = useRouter();
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  usePageTitle("Sign in");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ username, password }, { onSuccess: () => router.history.push(next ?? "/") });
  };
  return (
    <Gate
      title="Sign in"
      lead={next === undefined ? "To see and change the swarm." : "To go on where you were."}
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field
          label="User name"
          autoFocus
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
          required
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {signIn.error !== null && <ProblemNote problem={asProblem(signIn.error)} />}
        <Button type="submit" look="primary" busy={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </Gate>
  );
}
