// One log being read: its newest lines as they are written, and what lies further back as far as one asks.
import { api, type LogFilter, type LogRead, logAddress } from "@/api/client";
import { type ApiProblem, asProblem } from "@/api/problem";
import type { LogEvents, LogPage } from "@/api/types";
import { plural } from "@/lib/format";
import type { LogLevel } from "@/lib/logLevel";
import type { LogRange } from "@/lib/logSearch";
import { type Held, LogStore } from "@/lib/logStore";
import { isoTime, microseconds } from "@/lib/logTime";
import { whileSeen } from "@/lib/whileSeen";

const TAIL = 500;
const PAGE = 2_000;
const LONG_PAGE = 10_000;
const AROUND = 200;
/** Lines are drawn in bundles: a screen shows no more than ten pictures of text a second to a reader. */
const BUNDLE = 100;
/** A hidden tab's timers sleep; what waits for them is bounded as well. */
const WAITING = 20_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;
/** Lines of the past that are sorted in at a stretch: a few milliseconds. */
const AT_ONCE = 1_000;
const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve));
/** A search back pauses when it has found so many. */
const ENOUGH = 1_000;

/** What is read: the newest lines and those to come, or the neighbours of one line. */
export type LogStart =
  | { kind: "newest"; range: LogRange | undefined }
  | { kind: "line"; at: string; taskId: string };

export interface LogState extends Held {
  /** Changes with every change of the rows. */
  version: number;
  begun: boolean;
  connected: boolean;
  problem: ApiProblem | null;
  /** What is missing and why, a sentence each. */
  missing: readonly string[];
  /** From here on all lines were looked at; null: from the beginning. */
  backTo: number | null | undefined;
  /** What stands between here and the beginning cannot be had. */
  stuck: boolean;
  searching: boolean;
  /** The row that was linked; null when it is gone. */
  marked: number | null | undefined;
  /** Whether newer lines than these were left out. */
  more: boolean;
}

const nothing: LogState = {
  first: 0,
  end: 0,
  version: 0,
  begun: false,
  connected: false,
  problem: null,
  missing: [],
  backTo: undefined,
  stuck: false,
  searching: false,
  marked: undefined,
  more: false,
};
const isBad = (state: LogEvents["state"]["state"]) =>
  state === "silent" || state === "down" || state === "limited";
/** What was asked wrongly; a session that ended is another matter, and begins again. */
const isRefusal = ({ status }: ApiProblem) => status >= 400 && status < 429 && status !== 401;

function inWords({ node, task, state, message }: LogEvents["state"], name: string): string {
  if (task !== null && state === "started") return `${task} started: ${message}`;
  if (task !== null && state === "ended") return `${task} ended: ${message}`;
  const subject = task ?? node ?? (state === "absent" || state === "present" ? name : null);
  return subject === null ? message : `${subject}: ${message}`;
}

export class LogSession {
  readonly store = new LogStore();
  private state = nothing;
  private readonly listeners = new Set<() => void>();
  private readonly missing = new Map<string, string>();
  private readonly unread = new Set<string>();
  private source: EventSource | undefined;
  private waiting: (() => void)[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_PAUSE;
  private ended = new AbortController();
  private stopped = false;
  private readonly name: string;
  private readonly filter: LogFilter;
  private readonly start: LogStart;

  constructor(name: string, filter: LogFilter, start: LogStart) {
    this.name = name;
    this.filter = filter;
    this.start = start;
  }

  readonly get = () => this.state;
  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Begin to read; returns how to end it. */
  open(): () => void {
    this.ended = new AbortController();
    if (this.start.kind === "line") {
      void this.readAround(this.start.at, this.start.taskId);
      return () => this.close();
    }
    return whileSeen(
      () => {
        this.ended = new AbortController();
        this.follow();
      },
      () => this.close(),
    );
  }

  /** The lines before the first one. */
  async loadEarlier(): Promise<void> {
    await this.goBack(() => false, PAGE);
  }

  /** Back until the beginning, or until many were found; a second call goes on. */
  async searchBack(levels: readonly LogLevel[]): Promise<void> {
    const found = () => this.store.linesFrom(this.store.first, levels);
    const before = found();
    await this.goBack(() => found() - before < ENOUGH, LONG_PAGE);
  }

  stopSearch() {
    this.stopped = true;
  }

  /** Lines after the last one, where one reads around a line. */
  async loadLater(): Promise<void> {
    await this.busily(async () => {
      const page = await this.page({ since: this.newest(), tail: PAGE, oldest: true });
      await this.insert(page.items);
      this.change({ more: page.items.length >= PAGE });
    });
  }

  clear() {
    const newest = this.store.length > 0 ? this.store.time(this.store.end - 1) : this.state.backTo;
    this.store.expectAgain();
    this.store.clear();
    this.change({ backTo: newest, stuck: false });
  }

  private async goBack(goOn: () => boolean, tail: number): Promise<void> {
    this.stopped = false;
    await this.busily(async () => {
      do {
        if (this.state.backTo === null || this.store.isFull()) return;
        const from = this.state.backTo ?? this.store.time(this.store.first);
        const until =
          this.store.length > 0 || this.state.backTo !== undefined ? { until: isoTime(from) } : {};
        await this.takeBack(await this.page({ ...until, ...this.since(), tail }), from);
      } while (!this.state.stuck && !this.stopped && goOn());
    });
  }

  private async takeBack(page: LogPage, from: number) {
    const reached = page.reaches_back_to === null ? null : microseconds(page.reaches_back_to);
    // What is earlier has gaps, and comes with the next page.
    const items =
      reached === null ? page.items : page.items.filter(({ time }) => microseconds(time) >= reached);
    const added = await this.insert(items);
    this.change({ backTo: reached, stuck: reached !== null && added === 0 && reached >= from });
  }

  /** A page at a stretch would hold up what is drawn: the newest of it first, with a turn for others between. */
  private async insert(items: LogPage["items"]): Promise<number> {
    const { signal } = this.ended;
    let added = 0;
    for (let end = items.length; end > 0; end -= AT_ONCE) {
      if (end < items.length) {
        await nextTurn();
        signal.throwIfAborted();
      }
      added += this.store.insert(items.slice(Math.max(0, end - AT_ONCE), end));
    }
    return added;
  }

  private since = () =>
    this.start.kind === "newest" && this.start.range !== undefined && this.start.range !== "all"
      ? { since: this.start.range }
      : {};

  private newest = () =>
    isoTime(this.store.length > 0 ? this.store.time(this.store.end - 1) : Date.now() * 1_000);

  private async page(query: Omit<LogRead, keyof LogFilter>): Promise<LogPage> {
    const { signal } = this.ended;
    const page = await api.logs(this.name, { ...this.filter, ...query }, signal);
    signal.throwIfAborted();
    for (const node of page.incomplete) this.unread.add(node);
    return page;
  }

  private async busily(read: () => Promise<void>) {
    if (this.state.searching) return;
    const { signal } = this.ended;
    this.change({ searching: true });
    try {
      await read();
      this.change({ problem: null });
    } catch (error) {
      if (!signal.aborted) this.change({ problem: asProblem(error) });
    } finally {
      if (!signal.aborted) this.change({ searching: false, begun: true });
    }
  }

  private async readAround(at: string, taskId: string) {
    await this.busily(async () => {
      const [before, after] = await Promise.all([
        this.page({ until: at, tail: AROUND }),
        this.page({ since: at, tail: AROUND, oldest: true }),
      ]);
      await this.takeBack(before, Number.POSITIVE_INFINITY);
      await this.insert(after.items);
      this.change({
        marked: this.store.find(microseconds(at), taskId),
        more: after.items.length >= AROUND,
        connected: true,
      });
    });
  }

  /** What was written before we followed, or while we could not. */
  private async fill() {
    const { signal } = this.ended;
    try {
      if (this.state.backTo === undefined) {
        const range = this.start.kind === "newest" ? this.start.range : undefined;
        const tail = range === undefined ? TAIL : LONG_PAGE;
        await this.takeBack(await this.page({ tail, ...this.since() }), Number.POSITIVE_INFINITY);
        this.change({ begun: true });
        if (range !== undefined) await this.goBack(() => true, LONG_PAGE);
      } else if (this.store.length > 0) {
        const last = this.newest();
        const page = await this.page({ since: last, tail: LONG_PAGE });
        const [oldest] = page.items;
        if (page.items.length >= LONG_PAGE && oldest !== undefined)
          this.store.note(
            "warn",
            "more was written meanwhile than could be caught up: lines are missing above",
          );
        await this.insert(page.items);
        this.change({});
      }
    } catch (error) {
      // The stream goes on without; only what was asked wrongly is worth a word.
      const problem = asProblem(error);
      if (!signal.aborted) this.change({ begun: true, ...(isRefusal(problem) && { problem }) });
    }
  }

  private follow() {
    const opened = new EventSource(
      logAddress(this.name, "stream", { ...this.filter, ...this.since(), tail: String(TAIL) }),
    );
    this.source = opened;
    const on = <K extends keyof LogEvents>(kind: K, take: (event: LogEvents[K]) => void) =>
      opened.addEventListener(kind, (message: MessageEvent<string>) => {
        if (this.source === opened) take(JSON.parse(message.data));
      });
    opened.addEventListener("open", () => {
      this.pause = FIRST_PAUSE;
      this.missing.clear();
      this.unread.clear();
      // Another server, or one that has forgotten us, sends its newest lines once more.
      this.store.expectAgain();
      this.change({ connected: true, problem: null });
      void this.fill();
    });
    on("line", ({ items }) => this.put(...items.map((entry) => () => void this.store.append(entry))));
    on("state", (said) => this.tell(said));
    on("dropped", ({ count }) =>
      this.put(() => this.store.note("warn", `${plural(count, "line")} dropped: more than can be carried`)),
    );
    opened.addEventListener("error", () => {
      if (this.source !== opened) return;
      this.change({ connected: false });
      if (opened.readyState === EventSource.CLOSED) void this.refused(opened);
    });
  }

  private tell(said: LogEvents["state"]) {
    const key = said.task ?? said.node ?? (said.state === "limited" ? "limited" : "engine");
    const text = inWords(said, this.name);
    if (isBad(said.state)) this.missing.set(key, text);
    else this.missing.delete(key);
    if (said.node !== null) this.unread.delete(said.node);
    this.put(() => this.store.note(isBad(said.state) ? "warn" : "info", text));
  }

  /** A stream that is refused does not say why; a reading does. What was asked wrongly is not asked again. */
  private async refused(of: EventSource) {
    const { signal } = this.ended;
    const problem = await api
      .logs(this.name, { ...this.filter, tail: 1 }, signal)
      .then(() => null, asProblem);
    if (this.source !== of || signal.aborted) return;
    this.change({ begun: true, problem });
    if (problem !== null && isRefusal(problem)) return;
    this.retry = setTimeout(() => this.follow(), this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
  }

  private put(...news: (() => void)[]) {
    for (const each of news) this.waiting.push(each);
    if (this.waiting.length > WAITING) this.waiting = this.waiting.slice(-WAITING);
    this.timer ??= setTimeout(() => this.flush(), BUNDLE);
  }

  private flush() {
    this.timer = undefined;
    const news = this.waiting;
    this.waiting = [];
    for (const take of news) take();
    this.change({ begun: true });
  }

  private close() {
    this.source?.close();
    this.source = undefined;
    this.ended.abort();
    clearTimeout(this.retry);
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const take of this.waiting) take();
    this.waiting = [];
    this.state = { ...this.state, searching: false };
  }

  private change(by: Partial<LogState>) {
    const unread = [...this.unread]
      .filter((node) => !this.missing.has(node))
      .map((node) => `${node}: it did not answer in time; its earlier lines are missing`);
    this.state = {
      ...this.state,
      ...by,
      version: this.state.version + 1,
      first: this.store.first,
      end: this.store.end,
      missing: [...this.missing.values(), ...unread],
    };
    for (const listener of this.listeners) listener();
  }
}
