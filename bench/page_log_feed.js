// Stands in for the stream of a log, so that as many lines come as wanted, and counts the frames meanwhile.
(() => {
  const Real = globalThis.EventSource;
  const levels = ["info", "info", "info", "warn", "error", "debug"];
  let written = 0;
  const line = () => {
    written += 1;
    return {
      time: new Date(1_700_000_000_000 + written).toISOString(),
      task: `web.${1 + (written % 3)}`,
      task_id: `t${1 + (written % 3)}`,
      node: "worker-1",
      stream: written % 7 === 0 ? "stderr" : "stdout",
      line: `level=${levels[written % 6]} line ${written}: GET /api/things/${written % 97} answered 200 in ${written % 333} ms`,
    };
  };
  class Feed extends EventTarget {
    readyState = 0;
    constructor() {
      super();
      globalThis.__feed.stream = this;
      setTimeout(() => {
        this.readyState = 1;
        this.dispatchEvent(new Event("open"));
      });
    }
    write(count) {
      const items = Array.from({ length: count }, line);
      this.dispatchEvent(new MessageEvent("line", { data: JSON.stringify({ items }) }));
    }
    close() {
      this.readyState = 2;
    }
  }
  function EventSource(url, options) {
    return String(url).includes("/logs/stream") ? new Feed() : new Real(url, options);
  }
  globalThis.EventSource = Object.assign(EventSource, { CONNECTING: 0, OPEN: 1, CLOSED: 2 });
  const log = () => document.querySelector("[role=log]");
  let writing;
  let scrolling;
  globalThis.__feed = {
    stream: null,
    /** `total` lines as fast as the page takes them. */
    async fill(total) {
      for (let left = total; left > 0; left -= 1_000) {
        globalThis.__feed.stream.write(1_000);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    ends: () => log()?.textContent.includes(`line ${written}:`) === true,
    /** So many lines a second from now on; 0 ends it. */
    write(rate) {
      clearInterval(writing);
      if (rate > 0) writing = setInterval(() => globalThis.__feed.stream.write(rate / 20), 50);
    },
    /** So many pixels a frame from now on; 0 ends it. */
    scroll(by) {
      cancelAnimationFrame(scrolling);
      const step = () => {
        log().scrollTop += by;
        scrolling = requestAnimationFrame(step);
      };
      if (by !== 0) scrolling = requestAnimationFrame(step);
    },
    /** How long each frame took, for so many milliseconds. */
    async frames(during) {
      const took = [];
      let last = performance.now();
      const ends = last + during;
      await new Promise((done) => {
        const frame = () => {
          const now = performance.now();
          took.push(now - last);
          last = now;
          if (now < ends) requestAnimationFrame(frame);
          else done();
        };
        requestAnimationFrame(frame);
      });
      return took;
    },
  };
})();
