// Whether the server serves another page than this one, as after an update: then this one's parts may be gone.

const ENTRY = /<script[^>]*\ssrc="([^"]*\/assets\/[^"]+)"/;
const WITHIN = 10_000;

let found = false;
const listeners = new Set<() => void>();

/** The name of the page's first script holds a hash of what it is made of. */
const ownEntry = () => [...document.scripts].map(({ src }) => src).find((src) => src.includes("/assets/"));

export const newerPage = {
  get: () => found,
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  set(next: boolean) {
    found = next;
    for (const listener of listeners) listener();
  },
  async look(own = ownEntry()) {
    if (own === undefined) return;
    try {
      const request = new Request(new URL("/", globalThis.location.origin), {
        headers: { Accept: "text/html" },
        cache: "no-cache",
        signal: AbortSignal.timeout(WITHIN),
      });
      const answer = await globalThis.fetch(request);
      const entry = ENTRY.exec(await answer.text())?.[1];
      if (answer.ok && entry !== undefined) newerPage.set(!own.endsWith(entry));
    } catch {
      // Whoever comes back later looks again.
    }
  },
};

/** A part that cannot be loaded is a sign as well. */
export const watchMissingParts = () =>
  globalThis.addEventListener("vite:preloadError", () => void newerPage.look());
