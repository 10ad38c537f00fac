// Tabs as ARIA has them. Base UI's are 15 kB that every page with tabs would load first.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from "react";

interface TabEntry<V extends string> {
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

/** Which tab a key leads to, of so many. */
function next(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % count;
    case "ArrowLeft":
      return (at + count - 1) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/** Only the chosen panel is mounted, so that hidden tabs ask the server for nothing. */
export function Tabs<V extends string>({ label, value, entries, onChange, children }: TabsProps<V>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab may be out of a narrow screen's sight
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (tab && list.current)
      list.current.scrollLeft = tab.offsetLeft - (list.current.clientWidth - tab.offsetWidth) / 2;
  }, [value]);
  // Keys move the focus and no more: a tab may have much to load.
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const tabs = [...(list.current?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
    const at = tabs.indexOf(event.currentTarget);
    const to = event.ctrlKey || event.metaKey || event.altKey ? undefined : next(event.key, at, tabs.length);
    if (at === -1 || to === undefined) return;
    event.preventDefault();
    tabs[to]?.focus();
  };
  return (
    <>
      <div
        ref={list}
        role="tablist"
        aria-label={label}
        className="relative mt-4 mb-4 flex gap-5 overflow-x-auto border-line border-b max-sm:-mx-4 max-sm:px-4"
      >
        {entries.map((entry) => (
          <button
            key={entry.value}
            type="button"
            role="tab"
            id={`${id}-${entry.value}`}
            aria-selected={entry.value === value}
            {...(entry.value === value && { "aria-controls": `${id}-panel` })}
            tabIndex={entry.value === value ? 0 : -1}
            onKeyDown={move}
            onClick={() => onChange(entry.value)}
            className="-mb-px cursor-pointer whitespace-nowrap border-transparent border-b-2 px-0.5 pt-2 pb-[9px] font-[550] text-ink-3 transition-colors hover:text-ink focus-visible:-outline-offset-2 aria-selected:border-accent aria-selected:text-ink"
          >
            {entry.label}
            {entry.count !== undefined && (
              <span className={`num ml-1.5 text-xs ${entry.hot ? "font-bold text-bad-ink" : "text-ink-3"}`}>
                {entry.count}
              </span>
            )}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${value}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keys go from the tab to what it shows
        tabIndex={0}
        className="outline-none"
      >
        {children}
      </div>
    </>
  );
}
