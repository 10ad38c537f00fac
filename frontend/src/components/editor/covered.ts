// The page's own bars lie over the text: the caret, and what is shown beside it, keep clear of them.
import type { Extension } from "@codemirror/state";
import { EditorView, tooltips } from "@codemirror/view";

const GAP = 6;

/** The part of the window that no bar covers, once it is scrolled to where they stick. */
function clear() {
  let [top, bottom] = [0, globalThis.innerHeight];
  for (const bar of document.querySelectorAll<HTMLElement>("[data-covers]")) {
    const side = bar.dataset["covers"] === "top" ? "top" : "bottom";
    const covers = (Number.parseFloat(getComputedStyle(bar)[side]) || 0) + bar.offsetHeight;
    if (side === "top") top = Math.max(top, covers);
    else bottom = Math.min(bottom, globalThis.innerHeight - covers);
  }
  return { top, bottom, left: 0, right: globalThis.innerWidth };
}

export const keepClear: Extension = [
  // Not the editor's margins: a text that scrolls by itself is cut off at its own edge, whatever lies over that.
  EditorView.scrollHandler.of((view, range) => {
    view.requestMeasure({
      key: clear,
      read: () => {
        const caret = view.coordsAtPos(range.head);
        if (caret === null) return 0;
        const { top, bottom } = clear();
        return Math.min(0, caret.top - GAP - top) || Math.max(0, caret.bottom + GAP - bottom);
      },
      write: (hidden) => {
        if (hidden !== 0) globalThis.scrollBy(0, hidden);
      },
    });
    return false;
  }),
  // A panel that scrolls must not cut off what is shown beside the caret.
  tooltips({ position: "fixed", tooltipSpace: clear }),
];
