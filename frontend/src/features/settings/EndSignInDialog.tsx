import { asProblem } from "@/api/problem";
import type { SignIn } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useEndSignIn } from "@/hooks/useActivity";
import { comesFrom } from "@/lib/signIns";

export default function EndSignInDialog({ signIn, onClose }: { signIn: SignIn; onClose: () => void }) {
  const end = useEndSignIn();
  return (
    <ConfirmDialog
      title={signIn.current ? "Sign out here?" : `Sign out ${signIn.username} at ${comesFrom(signIn)}?`}
      confirm="End sign-in"
      danger
      busy={end.isPending}
      onConfirm={() => end.mutate(signIn, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        {signIn.current
          ? "This browser is signed out at once; what you are doing in other tabs of it ends, too."
          : "That browser is refused from its next request on; what is typed into it and not saved is lost."}{" "}
        What was started before goes on.
      </p>
      {end.error !== null && <ProblemNote problem={asProblem(end.error)} />}
    </ConfirmDialog>
  );
}
