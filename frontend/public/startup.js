// The page's program did not arrive, such as when the network changed meanwhile: a white page would tell nobody.
// It is tried again by itself a few times. In a file of its own because the policy forbids inline scripts.
(() => {
  const KEY = "startup-tries";
  const TRIES = 3;
  const PAUSE = 2000; // milliseconds
  let failed = false;

  const tries = () => {
    try {
      return Number(sessionStorage.getItem(KEY) ?? 0);
    } catch {
      return TRIES; // Where nothing can be counted, nothing is tried for ever.
    }
  };
  const remember = (count) => {
    try {
      sessionStorage.setItem(KEY, String(count));
    } catch {
      // As above.
    }
  };

  const onFailure = (event) => {
    const it = event.target;
    const isOurs =
      (it instanceof HTMLScriptElement && it.type === "module") ||
      (it instanceof HTMLLinkElement && it.rel === "stylesheet");
    const root = document.getElementById("root");
    // Once it runs, the program itself says what of it cannot be loaded.
    if (!isOurs || failed || root?.childElementCount) return;
    failed = true;
    const count = tries();
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    text.style.cssText =
      "max-width: 32rem; margin: 20vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif";
    text.textContent =
      count < TRIES
        ? "Swarm Orchestrator did not arrive whole. Trying again…"
        : "Swarm Orchestrator did not arrive whole. Is the server up, and the network? Reload the page to try again.";
    root?.replaceChildren(text);
    remember(count < TRIES ? count + 1 : 0);
    if (count < TRIES) setTimeout(() => location.reload(), PAUSE);
  };

  // Failed loads do not bubble.
  addEventListener("error", onFailure, true);
  addEventListener("load", () => {
    removeEventListener("error", onFailure, true);
    if (!failed) remember(0);
  });
})();
