// Finds anything and does something with it, by typing; what needs care asks in its own dialog.
import { Autocomplete } from "@base-ui/react/autocomplete";
import { Dialog as BaseDialog } from "@base-ui/react/dialog";
import { Search } from "lucide-react";
import { useMemo, useState } from "react";
import { Keys } from "@/components/Keys";
import { keepRecent, recents } from "@/lib/recents";
import { type Entry, type Group, groupsFor } from "./entries";
import { type Asked, useEntries } from "./useEntries";

interface Props {
  onAct: (asked: Asked) => void;
  onClose: () => void;
}

export default function Palette({ onAct, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [recent] = useState(recents);
  const { loading, ...sources } = useEntries(typed.trim().length > 1, onAct);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is searched changes with these alone
  const groups = useMemo(
    () => groupsFor(typed, { ...sources, recent }),
    [typed, sources.entries, sources.things, recent],
  );
  const choose = (entry: Entry) => {
    if (entry.kind !== "act") keepRecent(entry.key);
    onClose();
    entry.run();
  };
  return (
    <BaseDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <BaseDialog.Popup
          aria-label="Find or do"
          className="fixed top-[max(0.5rem,9dvh)] left-1/2 z-50 flex max-h-[76dvh] w-[min(40rem,calc(100vw-1rem))] -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-2xl"
        >
          <Autocomplete.Root
            open
            inline
            items={groups}
            filter={null}
            mode="none"
            autoHighlight="always"
            keepHighlight
            value={typed}
            onValueChange={(value, { reason }) => {
              // Choosing an entry would write its name into the box.
              if (reason !== "item-press") setTyped(value);
            }}
            itemToStringValue={(entry: Entry) => entry.label}
          >
            <div className="flex items-center gap-2.5 border-line border-b px-4">
              <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
              <Autocomplete.Input
                aria-label="Find or do"
                placeholder="Find anything, or say what to do: scale web"
                spellCheck={false}
                autoCapitalize="none"
                className="h-12 min-w-0 flex-1 bg-transparent outline-none placeholder:text-ink-3"
              />
              <span className="max-sm:hidden">
                <Keys>Escape</Keys>
              </span>
            </div>
            {groups.length === 0 && (
              <p role="status" className="px-4 py-8 text-center text-ink-2 text-sm">
                {loading ? "Looking…" : `Nothing is called “${typed.trim()}”.`}
              </p>
            )}
            <Autocomplete.List className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pb-2 data-[empty]:p-0">
              {(group: Group) => (
                <Autocomplete.Group key={group.label} items={group.items} className="pt-2">
                  <Autocomplete.GroupLabel className="px-2.5 py-1 font-semibold text-ink-3 text-xs">
                    {group.label}
                  </Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(entry: Entry) => <Row key={entry.key} entry={entry} onChoose={choose} />}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

function Row({ entry, onChoose }: { entry: Entry; onChoose: (entry: Entry) => void }) {
  const { icon: Icon, label, detail, why, kind, keys } = entry;
  const off = why != null;
  return (
    <Autocomplete.Item
      value={entry}
      disabled={off}
      onClick={() => onChoose(entry)}
      className="flex cursor-default scroll-my-2 items-center gap-2.5 rounded-md px-2.5 py-1.5 outline-none select-none data-[disabled]:opacity-55 data-[highlighted]:bg-accent-soft"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
      <span className="min-w-0 shrink truncate font-medium">{label}</span>
      <span className="min-w-0 flex-1 truncate text-ink-3 text-sm">{off ? why : detail}</span>
      {keys === undefined ? (
        <span className="shrink-0 text-ink-3 text-xs">{kind}</span>
      ) : (
        <span className="shrink-0 max-sm:hidden">
          <Keys>{keys}</Keys>
        </span>
      )}
    </Autocomplete.Item>
  );
}
