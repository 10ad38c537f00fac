// What one went to lately by the palette, kept in this browser.

const KEY = "palette-recents";
const KEPT = 8;

/** Keys of entries, as `service:web`; the newest first. */
export function recents(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? read.filter((key) => typeof key === "string").slice(0, KEPT) : [];
  } catch {
    return [];
  }
}

export function keepRecent(key: string) {
  try {
    localStorage.setItem(
      KEY,
      JSON.stringify([key, ...recents().filter((one) => one !== key)].slice(0, KEPT)),
    );
  } catch {
    // Blocked storage: nothing is remembered.
  }
}
