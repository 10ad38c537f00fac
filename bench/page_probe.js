// Runs in the page before anything of ours: notes when things are painted.
(() => {
  const probe = { interactive: null, keys: [], rows: {} };
  window.__probe = probe;
  // A frame that has been drawn: the first task after it.
  const painted = (then) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then(performance.now());
      port2.postMessage(null);
    });
  const box = () => document.querySelector('input[aria-label="Filter services"]');
  const count = () => document.querySelector("table[aria-rowcount]")?.getAttribute("aria-rowcount") ?? "0";
  const rowOf = (name) =>
    document.querySelector(`th a[href="/services/${name}"]`)?.closest("tr")?.innerText ?? "";

  const waiting = setInterval(() => {
    if (box() === null || document.querySelectorAll("tbody tr[data-line]").length < 5) return;
    clearInterval(waiting);
    painted((at) => {
      probe.interactive = at;
    });
  }, 4);

  // From the key to the frame that shows another number of rows.
  document.addEventListener(
    "input",
    (event) => {
      const before = count();
      const look = () => {
        if (count() === before) requestAnimationFrame(look);
        else painted((at) => probe.keys.push(at - event.timeStamp));
      };
      look();
    },
    true,
  );

  // When the row of a service first shows something else than now.
  probe.watch = (name) => {
    const before = rowOf(name);
    delete probe.rows[name];
    const look = () => {
      if (rowOf(name) === before) requestAnimationFrame(look);
      else
        painted((at) => {
          probe.rows[name] = performance.timeOrigin + at;
        });
    };
    look();
    return before;
  };
  probe.names = () =>
    [...document.querySelectorAll("tbody tr[data-line] th a")].map((link) => link.textContent.trim());
})();
