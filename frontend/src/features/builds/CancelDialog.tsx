import { asProblem } from "@/api/problem";
import type { Build } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useCancelBuild } from "@/hooks/useBuilds";

export default function CancelDialog({ build, onClose }: { build: Build; onClose: () => void }) {
  const cancel = useCancelBuild(build.id);
  return (
    <ConfirmDialog
      title={`Cancel the build of ${build.service}?`}
      confirm="Cancel build"
      busy={cancel.isPending}
      onConfirm={() => cancel.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        {build.state === "queued" ? "It leaves the queue." : "The builder stops where it is."} Nothing that
        runs changes
        {build.deploy || build.deployment_id !== null ? "; the deploy that waits for it fails." : "."}
      </p>
      {cancel.error !== null && <ProblemNote problem={asProblem(cancel.error)} />}
    </ConfirmDialog>
  );
}
