// Over the view whose session has ended: what stands there and what was written in it stays.
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { useSession, useSignInAgain } from "@/hooks/useApi";
import { Dialog } from "./Dialog";
import { SignInForm } from "./SignInForm";

const stay = () => undefined;

export default function SignInAgain() {
  const { data } = useSession();
  const [before] = useState(data?.username ?? "");
  const router = useRouter();
  const signIn = useSignInAgain(() => void router.navigate({ to: "/", ignoreBlocker: true }));
  return (
    <Dialog
      title="Sign in again"
      description="Your session has ended. Sign in to go on where you were. What you wrote is still here."
      onClose={stay}
    >
      <SignInForm
        username={before}
        problem={signIn.error === null ? null : asProblem(signIn.error)}
        busy={signIn.isPending}
        onSignIn={signIn.mutate}
      />
    </Dialog>
  );
}
