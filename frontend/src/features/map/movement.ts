// Where the arrow keys lead: along the squares as they are read, and to the nearest one above or below.

/** The square the key leads to; null when there is none. */
export function nextSquare(stage: HTMLElement, from: HTMLElement, key: string): HTMLElement | null {
  const squares = [...stage.querySelectorAll<HTMLElement>("[data-task]")];
  const index = squares.indexOf(from);
  switch (key) {
    case "ArrowRight":
      return squares[index + 1] ?? null;
    case "ArrowLeft":
      return squares[index - 1] ?? null;
    case "Home":
      return squares[0] ?? null;
    case "End":
      return squares.at(-1) ?? null;
    case "ArrowDown":
      return nearest(squares, from, 1);
    case "ArrowUp":
      return nearest(squares, from, -1);
    default:
      return null;
  }
}

/** A step aside counts more than a step away, so that a column is kept. */
function nearest(squares: readonly HTMLElement[], from: HTMLElement, way: 1 | -1): HTMLElement | null {
  const here = from.getBoundingClientRect();
  let best: HTMLElement | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const square of squares) {
    const there = square.getBoundingClientRect();
    const away = (there.top - here.top) * way;
    if (away < here.height / 2) continue;
    const cost = away + 2 * Math.abs(there.left - here.left);
    if (cost < least) {
      least = cost;
      best = square;
    }
  }
  return best;
}
