// One notice in the corner: what it says, what can be done about it, and the way to be rid of it.
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./Button";

interface Props {
  act?: ReactNode;
  onDismiss: () => void;
  children: ReactNode;
}

export function NoticeFrame({ act, onDismiss, children }: Props) {
  return (
    <li className="pointer-events-auto flex items-start gap-2.5 rounded-xl border border-line bg-raised py-2.5 pr-2 pl-3.5 shadow-xl">
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">{children}</div>
      {act}
      <IconButton label="Dismiss" onClick={onDismiss}>
        <X />
      </IconButton>
    </li>
  );
}
