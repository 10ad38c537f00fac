import { getRouteApi, useRouter } from "@tanstack/react-router";
import { asProblem } from "@/api/problem";
import { Gate } from "@/components/Gate";
import { SignInForm } from "@/components/SignInForm";
import { useSignIn } from "@/hooks/useApi";
import { usePageTitle } from "@/hooks/usePageTitle";

const route = getRouteApi("/sign-in");

export function SignIn() {
  const { next } = route.useSearch();
  const router = useRouter();
  const signIn = useSignIn();
  usePageTitle("Sign in");
  return (
    <Gate
      title="Sign in"
      lead={next === undefined ? "To see and change the swarm." : "To go on where you were."}
    >
      <SignInForm
        problem={signIn.error === null ? null : asProblem(signIn.error)}
        busy={signIn.isPending}
        onSignIn={(request) => signIn.mutate(request, { onSuccess: () => router.history.push(next ?? "/") })}
      />
    </Gate>
  );
}
