import type { ComponentProps } from "react";
import { later } from "@/lib/later";
import { OpenedLate, type Trigger } from "./OpenedLate";

const load = () => import("./Popover");
const Popover = later(load);

export function LazyPopover(props: ComponentProps<typeof Popover> & { trigger: Trigger }) {
  return (
    <OpenedLate role="dialog" load={load} trigger={props.trigger}>
      <Popover {...props} />
    </OpenedLate>
  );
}
