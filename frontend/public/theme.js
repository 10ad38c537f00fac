// Sets the remembered theme before the first paint; a file of its own because the policy forbids inline scripts.
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (localStorage.getItem("density") === "compact") document.documentElement.dataset.density = "compact";
  } catch {
    // Storage may be blocked: the system's theme it is.
  }
})();
