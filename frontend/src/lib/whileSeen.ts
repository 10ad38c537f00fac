// Browsers allow few connections to one server: a tab that nobody sees for a while gives its own back.
const HIDDEN_FOR = 60_000;

/** Calls `open` now and whenever the tab is looked at again after `close` was called; returns how to end it. */
export function whileSeen(open: () => void, close: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let opened = true;
  const changed = () => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") {
      timer = setTimeout(() => {
        opened = false;
        close();
      }, HIDDEN_FOR);
    } else if (!opened) {
      opened = true;
      open();
    }
  };
  document.addEventListener("visibilitychange", changed);
  open();
  return () => {
    document.removeEventListener("visibilitychange", changed);
    clearTimeout(timer);
    close();
  };
}
