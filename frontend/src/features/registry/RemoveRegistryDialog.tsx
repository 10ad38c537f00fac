import { asProblem } from "@/api/problem";
import type { Registry } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useRemoveRegistry } from "@/hooks/useImages";

export default function RemoveRegistryDialog({
  registry,
  onClose,
}: {
  registry: Registry;
  onClose: () => void;
}) {
  const remove = useRemoveRegistry();
  const ours = registry.source === "stored";
  return (
    <ConfirmDialog
      title={ours ? `Remove ${registry.host}?` : `Forget the credentials of ${registry.host}?`}
      confirm={ours ? "Remove" : "Forget"}
      danger
      busy={remove.isPending}
      onConfirm={() => remove.mutate(registry.host, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        {ours
          ? "Its address and credentials are forgotten here; its images stay where they are."
          : "What was stored here is forgotten; what the configuration says counts again."}{" "}
        Services whose images come from it go on running, but a deploy can no longer sign in to it.
      </p>
      {remove.error !== null && <ProblemNote problem={asProblem(remove.error)} />}
    </ConfirmDialog>
  );
}
