import type { ComponentProps } from "react";
import { later } from "@/lib/later";
import { OpenedLate, type Trigger } from "./OpenedLate";

const load = () => import("./Menu");
const Menu = later(load);

export function LazyMenu(props: ComponentProps<typeof Menu> & { trigger: Trigger }) {
  return (
    <OpenedLate role="menu" load={load} trigger={props.trigger}>
      <Menu {...props} />
    </OpenedLate>
  );
}
