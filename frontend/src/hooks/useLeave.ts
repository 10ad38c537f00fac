import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter } from "@tanstack/react-router";
import { useSignOut } from "./useApi";

/** Signs out and forgets what was read. */
export function useLeave() {
  const navigate = useNavigate();
  const router = useRouter();
  const cache = useQueryClient();
  const signOut = useSignOut();
  return () =>
    signOut.mutate(undefined, {
      onSuccess: async () => {
        await navigate({ to: "/sign-in", search: {} });
        cache.clear();
        await router.invalidate();
      },
    });
}
