import { Tabs as BaseTabs } from "@base-ui/react/tabs";
import type { ReactNode } from "react";

export interface TabEntry<V extends string> {
  value: V;
  label: string;
  count?: number | undefined;
  /** The count is of things that went wrong. */
  hot?: boolean;
}

interface TabsProps<V extends string> {
  label: string;
  value: V;
  entries: readonly TabEntry<V>[];
  onChange: (value: V) => void;
  children: ReactNode;
}

/** Only the chosen panel is mounted, so that hidden tabs ask the server for nothing. */
export function Tabs<V extends string>({ label, value, entries, onChange, children }: TabsProps<V>) {
  return (
    <BaseTabs.Root value={value} onValueChange={(next: V) => onChange(next)}>
      <BaseTabs.List
        aria-label={label}
        className="mt-4 mb-4 flex gap-5 overflow-x-auto border-line border-b max-sm:-mx-4 max-sm:px-4"
      >
        {entries.map((entry) => (
          <BaseTabs.Tab
            key={entry.value}
            value={entry.value}
            className="-mb-px cursor-pointer whitespace-nowrap border-transparent border-b-2 px-0.5 pt-2 pb-[9px] font-[550] text-ink-3 transition-colors hover:text-ink focus-visible:-outline-offset-2 aria-selected:border-accent aria-selected:text-ink"
          >
            {entry.label}
            {entry.count !== undefined && (
              <span className={`num ml-1.5 text-xs ${entry.hot ? "font-bold text-bad-ink" : "text-ink-3"}`}>
                {entry.count}
              </span>
            )}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      <BaseTabs.Panel value={value} className="outline-none">
        {children}
      </BaseTabs.Panel>
    </BaseTabs.Root>
  );
}
