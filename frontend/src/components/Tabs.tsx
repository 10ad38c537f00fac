import { Tabs as BaseTabs } from "@base-ui/react/tabs";
import { type ReactNode, useEffect, useRef } from "react";

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
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab may be out of a narrow screen's sight
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (tab && list.current)
      list.current.scrollLeft = tab.offsetLeft - (list.current.clientWidth - tab.offsetWidth) / 2;
  }, [value]);
  return (
    <BaseTabs.Root value={value} onValueChange={(next: V) => onChange(next)}>
      <BaseTabs.List
        ref={list}
        aria-label={label}
        className="mt-4 mb-4 flex gap-5 relative overflow-x-auto border-line border-b max-sm:-mx-4 max-sm:px-4"
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
