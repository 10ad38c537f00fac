// happy-dom lays nothing out: here a log has a size, so that its virtual rows are drawn, and can be scrolled.
import { act, fireEvent } from "@testing-library/react";

const HEIGHT = 600;

export function layOut() {
  for (const [side, size] of [
    ["clientWidth", 800],
    ["clientHeight", HEIGHT],
  ] as const)
    Object.defineProperty(HTMLElement.prototype, side, {
      configurable: true,
      get(this: HTMLElement) {
        return this.getAttribute("role") === "log" ? size : 0;
      },
    });
}

/** As far above the end of what the log holds as is said. */
export function scrollUp(log: HTMLElement, above: number) {
  const rows = Number.parseFloat(
    log.firstElementChild?.getAttribute("style")?.match(/height: ([\d.]+)px/)?.[1] ?? "0",
  );
  Object.defineProperty(log, "scrollHeight", { value: Math.max(rows, HEIGHT), configurable: true });
  act(() => {
    log.scrollTop = log.scrollHeight - HEIGHT - above;
    fireEvent.scroll(log);
  });
}
