import { Popover as BasePopover } from "@base-ui/react/popover";
import { clsx } from "clsx";
import type { ReactElement, ReactNode } from "react";

const popup = clsx(
  "max-h-(--available-height) w-[min(22rem,calc(100vw-2rem))] origin-(--transform-origin) overflow-y-auto rounded-xl border border-line bg-raised p-4 shadow-xl outline-none",
  "transition-[opacity,scale] duration-100 data-[ending-style]:opacity-0 data-[starting-style]:scale-95 data-[starting-style]:opacity-0",
);

interface Props {
  trigger: ReactElement;
  title: string;
  children: ReactNode;
}

export default function Popover({ trigger, title, children }: Props) {
  return (
    <BasePopover.Root defaultOpen>
      <BasePopover.Trigger render={trigger} />
      <BasePopover.Portal>
        <BasePopover.Positioner
          align="end"
          sideOffset={6}
          collisionPadding={12}
          className="z-30 outline-none"
        >
          <BasePopover.Popup className={popup}>
            <BasePopover.Title className="mb-2 font-semibold tracking-tight">{title}</BasePopover.Title>
            {children}
          </BasePopover.Popup>
        </BasePopover.Positioner>
      </BasePopover.Portal>
    </BasePopover.Root>
  );
}
