// Which services are chosen: one by one, a range of what is shown, or all of it.
import { useCallback, useEffect, useRef, useState } from "react";
import type { Line } from "@/lib/serviceOrder";

export function useSelection(lines: readonly Line[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set());
  const shown = useRef(lines);
  useEffect(() => {
    shown.current = lines;
  }, [lines]);
  /** The line that was chosen last: ranges begin there. */
  const anchor = useRef<string | null>(null);

  const select = useCallback((id: string, range: boolean) => {
    const all = shown.current;
    const to = all.findIndex((line) => line.id === id);
    const line = all[to];
    if (line?.kind !== "service") return;
    const from = range ? all.findIndex((each) => each.id === anchor.current) : -1;
    setChosen((before) => {
      const next = new Set(before);
      if (from === -1) {
        if (!next.delete(line.service.name)) next.add(line.service.name);
        return next;
      }
      for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1))
        if (each.kind === "service") next.add(each.service.name);
      return next;
    });
    if (!range || from === -1) anchor.current = id;
  }, []);

  const put = useCallback((names: Iterable<string>, on: boolean) => {
    setChosen((before) => {
      const next = new Set(before);
      for (const name of names) {
        if (on) next.add(name);
        else next.delete(name);
      }
      return next;
    });
  }, []);

  const clear = useCallback(() => {
    anchor.current = null;
    setChosen((before) => (before.size === 0 ? before : new Set()));
  }, []);

  return { chosen, select, put, clear };
}
