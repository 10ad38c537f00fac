import { Menu as BaseMenu } from "@base-ui/react/menu";
import { clsx } from "clsx";
import type { ReactElement, ReactNode } from "react";

const popup = clsx(
  "min-w-44 origin-(--transform-origin) rounded-lg border border-line bg-raised p-1 shadow-xl outline-none",
  "transition-[opacity,scale] duration-100 data-[ending-style]:opacity-0 data-[starting-style]:scale-95 data-[starting-style]:opacity-0",
);

export interface MenuEntry {
  label: string;
  icon?: ReactNode;
  hint?: string;
  disabled?: boolean;
  danger?: boolean;
  onSelect: () => void;
}

interface MenuProps {
  trigger: ReactElement;
  header?: ReactNode;
  /** Groups, drawn with a hairline between. */
  groups: MenuEntry[][];
  /** At phone width it lies at the lower edge, with this above the acts. */
  sheet?: string;
}

const sheetClass =
  "max-sm:fixed! max-sm:inset-x-0! max-sm:top-auto! max-sm:bottom-0! max-sm:w-full! max-sm:transform-none!";
const sheetPopup =
  "max-sm:rounded-b-none max-sm:rounded-t-2xl max-sm:border-x-0 max-sm:border-b-0 max-sm:p-2 max-sm:pb-6 max-sm:[&_[role=menuitem]]:py-3";

export default function Menu({ trigger, header, groups, sheet }: MenuProps) {
  return (
    <BaseMenu.Root modal={false} defaultOpen>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner
          align="end"
          sideOffset={4}
          className={clsx("z-30 outline-none", sheet !== undefined && sheetClass)}
        >
          <BaseMenu.Popup className={clsx(popup, sheet !== undefined && sheetPopup)}>
            {sheet !== undefined && (
              <p className="truncate px-2.5 pt-1 pb-2 font-semibold sm:hidden">{sheet}</p>
            )}
            {header !== undefined && (
              <>
                <div className="px-2.5 pt-1.5 pb-1 text-sm">{header}</div>
                <BaseMenu.Separator className="-mx-1 my-1 h-px bg-line" />
              </>
            )}
            {groups.map((entries, group) => (
              <div key={entries[0]?.label ?? group}>
                {group > 0 && <BaseMenu.Separator className="-mx-1 my-1 h-px bg-line" />}
                {entries.map((entry) => (
                  <BaseMenu.Item
                    key={entry.label}
                    disabled={entry.disabled ?? false}
                    onClick={entry.onSelect}
                    className={clsx(
                      "flex cursor-default items-center gap-2.5 rounded-md px-2.5 py-1.5 outline-none select-none",
                      "data-[disabled]:opacity-45 data-[highlighted]:bg-sunken [&_svg]:size-4 [&_svg]:text-ink-3",
                      entry.danger === true && "text-bad-ink",
                    )}
                  >
                    {entry.icon}
                    <span className="flex-1">{entry.label}</span>
                    {entry.hint !== undefined && <span className="text-ink-3 text-xs">{entry.hint}</span>}
                  </BaseMenu.Item>
                ))}
              </div>
            ))}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}
