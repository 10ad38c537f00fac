import { ConfirmDialog } from "@/components/Dialog";

interface Props {
  what: string;
  onStay: () => void;
  onLeave: () => void;
}

export default function LeaveDialog({ what, onStay, onLeave }: Props) {
  return (
    <ConfirmDialog
      title="Leave without saving?"
      confirm="Discard and leave"
      danger
      onConfirm={onLeave}
      onClose={onStay}
    >
      <p>The changes to {what} are lost then.</p>
    </ConfirmDialog>
  );
}
