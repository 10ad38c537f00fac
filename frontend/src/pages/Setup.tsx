import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { asProblem } from "@/api/problem";
import { Button, buttonClass } from "@/components/Button";
import { Field } from "@/components/Field";
import { Gate } from "@/components/Gate";
import { ProblemNote } from "@/components/States";
import { useSession, useSetUp } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";

const codeIn = (hash: string) => new URLSearchParams(hash.replace(/^#/, "")).get("code") ?? "";

export function Setup() {
  const router = useRouter();
  const { data: session } = useSession();
  const setUp = useSetUp();
  const [code, setCode] = useState(() => codeIn(globalThis.location.hash));
  const [given] = useState(code !== "");
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  usePageTitle("Set up");
  useEffect(() => {
    // The code is a secret: it must not stay in the address bar or the history.
    if (globalThis.location.hash !== "") router.history.replace("/setup");
  }, [router]);

  if (session !== undefined && session.state !== "setup_needed" && !setUp.isSuccess) {
    return (
      <Gate title="Already set up" lead="The admin of this orchestrator exists; the sign-in link works once.">
        <Link to={session.state === "signed_in" ? "/" : "/sign-in"} className={buttonClass("primary")}>
          {session.state === "signed_in" ? "To the dashboard" : "Sign in"}
        </Link>
      </Gate>
    );
  }
  const problem = setUp.error === null ? null : asProblem(setUp.error);
  const errorOf = (field: string) => problem?.errors.find((error) => error.field.endsWith(field))?.reason;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setUp.mutate({ code: code.trim(), username, password }, { onSuccess: () => router.history.push("/") });
  };
  return (
    <Gate
      title="Welcome"
      lead="Choose how you will sign in from now on. This makes the admin of this orchestrator."
    >
      <form onSubmit={submit} className="flex flex-col gap-4">
        {!given && (
          <Field
            label="One-time code"
            required
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={code}
            error={errorOf("code")}
            hint="The server printed it with its address at the first start."
            onChange={(event) => setCode(event.target.value)}
          />
        )}
        <Field
          label="User name"
          required
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          value={username}
          error={errorOf("username")}
          onChange={(event) => setUsername(event.target.value)}
        />
        <Field
          label="Password"
          type="password"
          required
          autoFocus={given}
          minLength={8}
          autoComplete="new-password"
          value={password}
          error={errorOf("password")}
          hint="8 characters or more. A sentence is easier to remember than symbols."
          onChange={(event) => setPassword(event.target.value)}
        />
        {problem !== null && <ProblemNote problem={problem} />}
        <Button type="submit" look="primary" busy={setUp.isPending}>
          Create admin and sign in
        </Button>
      </form>
    </Gate>
  );
}
