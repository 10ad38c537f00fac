// A menu is loaded and mounted when it is first opened: a long list has one in each row.
import { type ComponentProps, cloneElement, type ReactElement, Suspense, useState } from "react";
import { later } from "@/lib/later";

const load = () => import("./Menu");
const Menu = later(load);
const prepare = () => void load().catch(() => undefined);

type MenuProps = ComponentProps<typeof Menu>;

export function LazyMenu({
  trigger,
  ...menu
}: Omit<MenuProps, "trigger"> & { trigger: ReactElement<ComponentProps<"button">> }) {
  const [wanted, setWanted] = useState(false);
  const closed = cloneElement(trigger, {
    "aria-haspopup": "menu",
    "aria-expanded": false,
    onClick: () => setWanted(true),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <Menu {...menu} trigger={trigger} />
    </Suspense>
  );
}
