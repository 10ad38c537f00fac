import { asProblem } from "@/api/problem";
import type { Token } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useRevokeToken } from "@/hooks/useApi";

export default function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
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
