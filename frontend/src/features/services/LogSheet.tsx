// The log's controls where there is no room for them beside it.
import type { ReactNode } from "react";
import { Dialog } from "@/components/Dialog";

export default function LogSheet({ children, onClose }: { children: ReactNode; onClose: () => void }) {
  return (
    <Dialog title="Log view" onClose={onClose}>
      <div className="flex flex-col gap-4">{children}</div>
    </Dialog>
  );
}
