import { asProblem } from "@/api/problem";
import type { Backup } from "@/api/types";
import { ConfirmDialog } from "@/components/Dialog";
import { ProblemNote } from "@/components/States";
import { useDeleteBackup } from "@/hooks/useBackups";

export default function DeleteBackupDialog({ backup, onClose }: { backup: Backup; onClose: () => void }) {
  const remove = useDeleteBackup();
  return (
    <ConfirmDialog
      title="Delete this backup?"
      confirm="Delete"
      danger
      busy={remove.isPending}
      onConfirm={() => remove.mutate(backup, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>
        <span className="font-mono text-[12.5px]">{backup.name}</span> cannot be brought back. What runs, and
        what the catalog holds now, is not touched.
      </p>
      {remove.error !== null && <ProblemNote problem={asProblem(remove.error)} />}
    </ConfirmDialog>
  );
}
