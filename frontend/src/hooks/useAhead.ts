// What the page shows of the address, which follows a moment later.
import { useState } from "react";

/**
 * A value that lives in the address, ahead of it: what is set shows at once, so that an address still on its way
 * takes no letter back, and the next change starts from this one.
 */
export function useAhead<T>(value: T, write: (next: T) => void) {
  const [shown, setShown] = useState(value);
  /** What the address said last, and what it was told since that has not come back. */
  const [address, setAddress] = useState<{ said: string; told: readonly string[] }>({
    said: asText(value),
    told: [],
  });
  const said = asText(value);
  if (said !== address.said) {
    const echo = address.told.indexOf(said);
    setAddress({ said, told: echo < 0 ? [] : address.told.slice(echo + 1) });
    // Somebody went back, followed a link or emptied it elsewhere.
    if (echo < 0) setShown(value);
  }
  const set = (next: T) => {
    setShown(next);
    setAddress(({ said, told }) => ({ said, told: [...told, asText(next)] }));
    write(next);
  };
  return [shown, set] as const;
}

/** The same for the same entries in any order; one that is undefined is none. */
function asText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  return JSON.stringify(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
