// As LazyMenu: loaded and mounted when it is first opened.
import { type ComponentProps, cloneElement, type ReactElement, Suspense, useState } from "react";
import { later } from "@/lib/later";

const load = () => import("./Popover");
const Popover = later(load);
const prepare = () => void load().catch(() => undefined);

type PopoverProps = ComponentProps<typeof Popover>;

export function LazyPopover({
  trigger,
  ...popover
}: Omit<PopoverProps, "trigger"> & { trigger: ReactElement<ComponentProps<"button">> }) {
  const [wanted, setWanted] = useState(false);
  const closed = cloneElement(trigger, {
    "aria-haspopup": "dialog",
    "aria-expanded": false,
    onClick: () => setWanted(true),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <Popover {...popover} trigger={trigger} />
    </Suspense>
  );
}
