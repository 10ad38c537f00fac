// The keys of a list: j and k or the arrows move, Enter opens, x chooses, letters act on the row at hand.
import { type RefObject, useEffect, useRef } from "react";
import type { Line } from "@/lib/serviceOrder";
import { SEQUENCE, useKeyHelp } from "./useKeys";

export interface ListKeys {
  open: (name: string) => void;
  select: (line: string, range: boolean) => void;
  selectAll: () => void;
  clear: () => void;
  /** An act of one row, by its letter; false when there is none. */
  act: (key: string, name: string, row: HTMLElement) => boolean;
  toggleGroup: (key: string) => void;
}

const isTyping = (at: EventTarget | null) =>
  at instanceof HTMLElement &&
  (at.isContentEditable ||
    /^(TEXTAREA|SELECT)$/.test(at.tagName) ||
    (at instanceof HTMLInputElement && at.type !== "checkbox"));

const isOpenAbove = () =>
  document.querySelector("[role=dialog],[role=alertdialog],[role=menu],[role=listbox]") !== null;

const help = [
  ["j", "Next row"],
  ["k", "Row before"],
  ["Enter", "Open the row"],
  ["x", "Choose the row; with Shift all up to it"],
  ["*", "Choose all"],
  ["Escape", "Choose none"],
  ["d", "Deploy the row, or what is chosen"],
  ["s", "Scale it"],
  ["r", "Restart it"],
  ["S", "Stop it"],
  ["l", "Its logs"],
  [".", "All its acts"],
] as const;

export function useListKeys(
  list: RefObject<HTMLElement | null>,
  lines: readonly Line[],
  reach: RefObject<((index: number) => void) | null>,
  keys: ListKeys,
) {
  useKeyHelp(help, "The list");
  const now = useRef({ lines, keys });
  useEffect(() => {
    now.current = { lines, keys };
  });
  useEffect(() => {
    let led = Number.NEGATIVE_INFINITY;
    const rowOf = (id: string) => list.current?.querySelector<HTMLElement>(`[data-line="${CSS.escape(id)}"]`);
    const focus = (index: number) => {
      const line = now.current.lines[index];
      if (line === undefined) return;
      const there = rowOf(line.id);
      there?.focus();
      if (there != null) return;
      // It is drawn in one of the next frames.
      reach.current?.(index);
      let tries = 20;
      const look = () => {
        const row = rowOf(line.id);
        row?.focus({ preventScroll: true });
        tries -= 1;
        if (row == null && tries > 0) requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    };
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || isTyping(event.target) || isOpenAbove()) return;
      const { lines: all, keys: can } = now.current;
      const { key } = event;
      const at = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-line]") : null;
      const inList = at !== null && list.current?.contains(at) === true;
      if (event.ctrlKey || event.metaKey) {
        if (key.toLowerCase() === "a" && inList) {
          event.preventDefault();
          can.selectAll();
        }
        return;
      }
      // Two keys in a row, as `g n`, belong to the whole page.
      if (event.timeStamp - led < SEQUENCE) {
        led = Number.NEGATIVE_INFINITY;
        return;
      }
      if (key === "g") {
        led = event.timeStamp;
        return;
      }
      const here = inList ? all.findIndex((line) => line.id === at.dataset["line"]) : -1;
      const line = all[here];
      const done = () => event.preventDefault();
      const lower = key.toLowerCase();
      const arrow = inList && (key === "ArrowDown" || key === "ArrowUp");
      if (lower === "j" || lower === "k" || arrow) {
        done();
        const way = lower === "j" || key === "ArrowDown" ? 1 : -1;
        const next = here === -1 ? 0 : Math.min(all.length - 1, Math.max(0, here + way));
        const [from, to] = [all[here], all[next]];
        if (event.shiftKey && from?.kind === "service" && to?.kind === "service") {
          can.select(from.id, true);
          can.select(to.id, true);
        }
        focus(next);
        return;
      }
      if (key === "*") {
        done();
        can.selectAll();
        return;
      }
      if (key === "Escape") {
        can.clear();
        return;
      }
      if (line === undefined || at === null) return;
      if (inList && (key === "Home" || key === "End")) {
        done();
        focus(key === "Home" ? 0 : all.length - 1);
      } else if (line.kind === "group") {
        if (key === "Enter" && event.target === at) {
          done();
          can.toggleGroup(line.group.key);
        }
      } else if (lower === "x") {
        done();
        can.select(line.id, event.shiftKey);
      } else if (key === "Enter") {
        if (event.target !== at) return;
        done();
        can.open(line.service.name);
      } else if (can.act(key, line.service.name, at)) {
        done();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [list, reach]);
}
