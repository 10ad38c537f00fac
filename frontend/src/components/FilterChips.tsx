// The few filters of a list as chips, each with how many it keeps.
import { clsx } from "clsx";

interface Props<F extends string, T> {
  items: readonly T[];
  filters: Readonly<Record<F, { word: string; keeps: (item: T) => boolean }>>;
  /** Shown even when they keep nothing; of the others only the chosen one is. */
  always: readonly F[];
  show: F;
  onShow: (show: F) => void;
}

export function FilterChips<F extends string, T>({ items, filters, always, show, onShow }: Props<F, T>) {
  return (
    <fieldset className="flex min-w-0 gap-1.5 overflow-x-auto py-0.5 max-sm:-mx-4 max-sm:px-4">
      <legend className="sr-only">Show</legend>
      {(Object.keys(filters) as F[]).map((filter) => {
        const count = items.filter(filters[filter].keeps).length;
        if (count === 0 && filter !== show && !always.includes(filter)) return null;
        return (
          <button
            key={filter}
            type="button"
            aria-pressed={show === filter}
            onClick={() => onShow(filter)}
            className={clsx(
              "num whitespace-nowrap rounded-full border px-2.5 py-1 font-[550] text-sm transition-colors",
              show === filter
                ? "border-accent bg-accent-soft text-accent"
                : "border-line-strong bg-surface text-ink-2 hover:border-ink-3 hover:text-ink",
            )}
          >
            {filters[filter].word} {count.toLocaleString("en")}
          </button>
        );
      })}
    </fieldset>
  );
}
