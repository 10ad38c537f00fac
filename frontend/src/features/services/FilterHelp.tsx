// What the filter box of the list understands, and the keys of the list.
import { filterHelp } from "@/lib/filterHelp";

export default function FilterHelp({ onTry }: { onTry: (text: string) => void }) {
  return (
    <dl className="flex flex-col gap-1.5 text-sm">
      {filterHelp.map(([example, meaning]) => (
        <div key={example} className="grid grid-cols-[9.5rem_1fr] items-baseline gap-2">
          <dt>
            <button
              type="button"
              title="Try it"
              onClick={() => onTry(example)}
              className="rounded bg-sunken px-1.5 text-left font-mono text-xs leading-5 hover:text-accent [overflow-wrap:anywhere]"
            >
              {example}
            </button>
          </dt>
          <dd className="text-ink-2">{meaning}</dd>
        </div>
      ))}
      <div className="mt-2 border-line border-t pt-2 text-ink-3 text-xs leading-5">
        Keys: <kbd>/</kbd> filter · <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> open · <kbd>x</kbd>{" "}
        select, with Shift a range · <kbd>*</kbd> all · <kbd>d</kbd> deploy · <kbd>s</kbd> scale ·{" "}
        <kbd>r</kbd> restart · <kbd>Shift S</kbd> stop · <kbd>l</kbd> logs
      </div>
    </dl>
  );
}
