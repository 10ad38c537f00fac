import { AlertDialog as BaseAlert } from "@base-ui/react/alert-dialog";
import { Dialog as BaseDialog } from "@base-ui/react/dialog";
import { clsx } from "clsx";
import type { ReactNode } from "react";
import { Button } from "./Button";

const backdrop =
  "fixed inset-0 z-40 bg-black/40 transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0";
const popup = clsx(
  "fixed top-[max(1rem,12dvh)] left-1/2 z-50 flex max-h-[80dvh] w-[min(30rem,calc(100vw-2rem))] -translate-x-1/2 flex-col overflow-y-auto",
  "rounded-xl border border-line bg-raised p-5 shadow-2xl outline-none transition-[opacity,scale] duration-150",
  "data-[ending-style]:scale-[.98] data-[ending-style]:opacity-0 data-[starting-style]:scale-[.98] data-[starting-style]:opacity-0",
);
const titleClass = "font-semibold text-lg tracking-tight";

interface DialogProps {
  title: string;
  description?: ReactNode;
  onClose: () => void;
  children: ReactNode;
}

/** Open for as long as it is mounted. */
export function Dialog({ title, description, onClose, children }: DialogProps) {
  return (
    <BaseDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={backdrop} />
        <BaseDialog.Popup className={popup}>
          <BaseDialog.Title className={titleClass}>{title}</BaseDialog.Title>
          {description !== undefined && (
            <BaseDialog.Description render={<div />} className="mt-1 text-ink-2">
              {description}
            </BaseDialog.Description>
          )}
          <div className="mt-4">{children}</div>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

interface ConfirmProps {
  title: string;
  /** What dies, moves or stays. */
  children: ReactNode;
  confirm: string;
  danger?: boolean;
  busy?: boolean;
  disabled?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

export function ConfirmDialog(props: ConfirmProps) {
  const {
    title,
    children,
    confirm,
    danger = false,
    busy = false,
    disabled = false,
    onConfirm,
    onClose,
  } = props;
  return (
    <BaseAlert.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseAlert.Portal>
        <BaseAlert.Backdrop className={backdrop} />
        <BaseAlert.Popup className={popup}>
          <BaseAlert.Title className={titleClass}>{title}</BaseAlert.Title>
          <BaseAlert.Description render={<div />} className="mt-2 flex flex-col gap-3 text-ink-2">
            {children}
          </BaseAlert.Description>
          <div className="mt-5 flex justify-end gap-2">
            <BaseAlert.Close render={<Button>Cancel</Button>} />
            <Button look={danger ? "danger" : "primary"} busy={busy} disabled={disabled} onClick={onConfirm}>
              {confirm}
            </Button>
          </div>
        </BaseAlert.Popup>
      </BaseAlert.Portal>
    </BaseAlert.Root>
  );
}
