// The keys that count on the page that is open.
import { Fragment, useState } from "react";
import { type KeyGroup, useKeyGroups } from "@/hooks/useKeys";
import { Dialog } from "./Dialog";
import { Keys } from "./Keys";

const EVERYWHERE = "Everywhere";

/** The nearest first; what two parts of a view call by one name is one group. */
function joined(groups: readonly KeyGroup[]): [title: string, keys: KeyGroup["keys"]][] {
  const byTitle = new Map<string, KeyGroup["keys"]>();
  for (const { title, keys } of groups.toReversed())
    byTitle.set(title, [...(byTitle.get(title) ?? []), ...keys]);
  return [...byTitle].sort(([a], [b]) => Number(a === EVERYWHERE) - Number(b === EVERYWHERE));
}

export default function KeysDialog({ onClose }: { onClose: () => void }) {
  const now = useKeyGroups();
  // Those of the view below, whatever the dialog itself listens to.
  const [groups] = useState(now);
  return (
    <Dialog
      title="Keys"
      description="They count while nobody types. Each act has a button as well."
      onClose={onClose}
    >
      <div className="flex flex-col gap-5">
        {joined(groups).map(([title, keys]) => (
          <section key={title} aria-label={title}>
            <h3 className="mb-1.5 font-semibold text-ink-3 text-xs">{title}</h3>
            <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-1">
              {keys.map(({ key, label }) => (
                <Fragment key={`${key} ${label}`}>
                  <dt>
                    <Keys>{key}</Keys>
                  </dt>
                  <dd>{label}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
