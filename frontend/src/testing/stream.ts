// Stands in for the browser's EventSource: tests send the events, and break the line.
import { vi } from "vitest";

export class FakeSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  /** All that were ever opened in this test, the newest last. */
  static opened: FakeSource[] = [];
  readonly url: string;
  readyState = FakeSource.CONNECTING;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSource.opened.push(this);
  }

  close() {
    this.readyState = FakeSource.CLOSED;
  }

  accept() {
    this.readyState = FakeSource.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  send(kind: string, data: unknown) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }

  /** The connection breaks; the browser connects again by itself. */
  interrupt() {
    this.readyState = FakeSource.CONNECTING;
    this.dispatchEvent(new Event("error"));
  }

  /** The server refuses: the browser gives up. */
  refuse() {
    this.readyState = FakeSource.CLOSED;
    this.dispatchEvent(new Event("error"));
  }
}

/** From now on streams are ours. */
export function streams() {
  FakeSource.opened = [];
  vi.stubGlobal("EventSource", FakeSource);
  const open = (path: string) =>
    FakeSource.opened.filter(
      (source) => source.url.startsWith(path) && source.readyState !== FakeSource.CLOSED,
    );
  return {
    all: (path: string) => FakeSource.opened.filter((source) => source.url.startsWith(path)),
    open,
    /** The one that is open now. */
    now: (path: string): FakeSource => {
      const found = open(path).at(-1);
      if (found === undefined) throw new Error(`no stream of ${path} is open`);
      return found;
    },
  };
}
