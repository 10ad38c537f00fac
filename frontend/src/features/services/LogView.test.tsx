import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { LogEntry } from "@/api/types";
import { setClock } from "@/lib/preferences";
import { scrollUp } from "@/testing/layout";
import { type Asked, network, Problem, type Routes } from "@/testing/network";
import { open } from "@/testing/open";
import { serviceDetail, task } from "@/testing/samples";
import { type FakeSource, streams } from "@/testing/stream";

const START = Date.parse("2026-01-02T03:04:05Z");
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const entry = (line: string, change: Partial<LogEntry> = {}): LogEntry => ({
  time: at(0),
  task: "web.1",
  task_id: "t1",
  node: "manager-1",
  stream: "stdout",
  line,
  ...change,
});
const page = (items: LogEntry[], reaches_back_to: string | null = null) => ({
  items,
  incomplete: [],
  reaches_back_to,
});
const web = {
  "GET /api/services/web": serviceDetail({
    name: "web",
    tasks: [task({ id: "t1" }), task({ id: "t2", name: "web.2", slot: 2, node: "worker-1", node_id: "n2" })],
  }),
  "GET /api/services/web/logs": page([]),
};
const STREAM = "/api/services/web/logs/stream";

afterEach(() => {
  localStorage.clear();
  setClock("local");
});

const logOf = () => screen.findByRole("log", { name: "Log lines of web" });

async function opened(routes: Routes = {}, search = "") {
  // Where the clipboard may be written.
  vi.stubGlobal("isSecureContext", true);
  const { asked } = network({ ...web, ...routes });
  const events = streams();
  const view = open(`/services/web?tab=logs${search}`);
  const log = await logOf();
  const stream = await waitFor(() => events.now(STREAM));
  act(() => stream.accept());
  const press = (key: string) => fireEvent.keyDown(document.body, { key });
  const read = () => asked.filter(({ path }) => path === "/api/services/web/logs");
  return { ...view, log, stream, events, press, read };
}

const query = (source: FakeSource) => Object.fromEntries(new URL(source.url, "http://x").searchParams);

test("lines appear as they are written, each once, in the colours they were written in", async () => {
  const { log, stream } = await opened({ "GET /api/services/web/logs": page([entry("hello")]) });
  await within(log).findByText("hello");
  stream.send("line", { items: [entry("hello"), entry("\u001b[31mERROR\u001b[0m <b>out</b> of milk")] });
  expect((await within(log).findByText("ERROR")).className).toContain("ansi");
  expect(within(log).getByText(/<b>out<\/b> of milk/)).toBeTruthy();
  expect(within(log).getAllByText("hello")).toHaveLength(1);
});

test("who does not answer is named until it answers, and what was dropped is counted", async () => {
  const { log, stream } = await opened();
  const state = { node: "worker-1", task: null, state: "silent", message: "it does not answer" };
  stream.send("state", state);
  expect(await screen.findByText("worker-1: it does not answer", { selector: "[role=status]" })).toBeTruthy();
  stream.send("dropped", { count: 1_234 });
  expect(await within(log).findByText(/1,234 lines dropped/)).toBeTruthy();
  stream.send("state", { ...state, state: "answers", message: "its lines come again" });
  expect(await within(log).findByText(/worker-1: its lines come again/)).toBeTruthy();
  expect(screen.queryByText("worker-1: it does not answer", { selector: "[role=status]" })).toBeNull();
});

test("scrolling up holds the view still, and new lines are counted until one goes back to them", async () => {
  const { log, stream, user } = await opened();
  const many = Array.from({ length: 100 }, (_, n) => entry(`line ${n}`, { time: at(n) }));
  stream.send("line", { items: many });
  await screen.findByText("100 lines");
  scrollUp(log, 0);
  expect(screen.getByRole("button", { name: "Following" })).toBeTruthy();
  scrollUp(log, 300);
  expect(await screen.findByRole("button", { name: "Follow" })).toBeTruthy();
  expect(screen.getByText("held still")).toBeTruthy();
  stream.send("line", { items: [entry("second", { time: at(200) }), entry("third", { time: at(201) })] });
  const resume = await screen.findByRole("button", { name: "2 new lines" });
  expect(within(log).queryByText("second")).toBeNull();
  await user.click(resume);
  expect(screen.getByRole("button", { name: "Following" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /new line/ })).toBeNull();
  expect(screen.getByText("102 lines")).toBeTruthy();
});

test("task, node, stream and text are asked of the server, and kept in the address and the download", async () => {
  const { user, events, address } = await opened();
  await user.selectOptions(screen.getByLabelText("Task"), "web.2");
  await user.selectOptions(screen.getByLabelText("Node"), "worker-1");
  await user.selectOptions(screen.getByLabelText("Stream"), "stderr");
  await user.type(screen.getByLabelText("Filter lines"), "/mil+k/i");
  const wanted = { task: "web.2", node: "worker-1", stream: "stderr", match: "/mil+k/i" };
  await waitFor(() => expect(query(events.now(STREAM))).toEqual({ ...wanted, tail: "500" }));
  expect(events.open(STREAM)).toHaveLength(1);
  expect(address()).toContain("task=web.2");
  const link = screen.getByRole("link", { name: "Download" });
  const href = new URL(link.getAttribute("href") ?? "", "http://x");
  expect(href.pathname).toBe("/api/services/web/logs");
  expect(Object.fromEntries(href.searchParams)).toMatchObject({ ...wanted, download: "true" });
});

test("levels are counted, and narrow what is shown and what is downloaded", async () => {
  const { log, stream, user, address } = await opened();
  stream.send("line", {
    items: [entry("ERROR: no milk"), entry("INFO: all is well"), entry('{"level":"warn","msg":"low"}')],
  });
  await within(log).findByText("ERROR: no milk");
  const levels = within(screen.getByRole("group", { name: "Levels" }));
  await user.click(levels.getByRole("button", { name: "Error 1" }));
  await user.click(levels.getByRole("button", { name: "Warn 1" }));
  await waitFor(() => expect(within(log).queryByText("INFO: all is well")).toBeNull());
  expect(within(log).getByText("ERROR: no milk")).toBeTruthy();
  expect(screen.getByText("2 of 3 lines")).toBeTruthy();
  expect(decodeURIComponent(address())).toContain("level=error,warn");
  const href = new URL(screen.getByRole("link", { name: "Download" }).getAttribute("href") ?? "", "http://x");
  expect(href.searchParams.getAll("level")).toEqual(["error", "warn"]);
});

test("a search goes back in time and says how far it looked", async () => {
  const found = (query: URLSearchParams) =>
    query.get("until") === null
      ? page([entry("milk 3", { time: at(0) })], at(-60))
      : page([entry("milk 1", { time: at(-3_600) }), entry("milk 2", { time: at(-120) })]);
  const { log, user, read } = await opened(
    { "GET /api/services/web/logs": ({ query }: Asked) => found(query) },
    "&q=milk",
  );
  expect(await within(log).findByText(/^Searched back to .*\d\d:\d\d:05, 1 match$/)).toBeTruthy();
  await user.click(within(log).getByRole("button", { name: "Search further back" }));
  expect(await within(log).findByText("Searched back to the beginning, 3 matches")).toBeTruthy();
  expect(within(log).getByText("milk 1")).toBeTruthy();
  expect(read().at(-1)?.query.get("until")).toBe(at(-60).replace(".000Z", ".000000Z"));
  expect(read().at(-1)?.query.get("match")).toBe("milk");
  expect(within(log).queryByRole("button", { name: "Search further back" })).toBeNull();
});

test("a search that is going on can be stopped", async () => {
  const { log, user } = await opened(
    {
      "GET /api/services/web/logs": ({ query }: Asked) =>
        query.get("until") === null ? page([entry("milk")], at(-60)) : new Promise(() => undefined),
    },
    "&q=milk",
  );
  await user.click(await within(log).findByRole("button", { name: "Search further back" }));
  expect(await within(log).findByRole("button", { name: "Stop" })).toBeTruthy();
});

test("a link to a line shows it among its neighbours, and later ones on demand", async () => {
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => entry(`line ${from + n}`, { time: at(from + n) }));
  network({
    ...web,
    "GET /api/services/web/logs": ({ query }: Asked) => {
      const since = query.get("since");
      if (query.get("until") !== null) return page(lines(-20, 1), at(-20));
      return page(since?.includes("03:04:05") ? lines(0, 200) : lines(200, 250));
    },
  });
  const events = streams();
  const { user, address } = open(`/services/web?tab=logs&q=milk&at=${encodeURIComponent(at(0))}&of=t1`);
  const log = await logOf();
  const marked = (await within(log).findByText("line 0")).closest("[aria-current=true]");
  expect(marked).not.toBeNull();
  expect(screen.getByText("One line in its context.")).toBeTruthy();
  expect(events.open(STREAM)).toHaveLength(0);
  await user.click(await screen.findByRole("button", { name: "Load later" }));
  expect(await screen.findByText("270 lines")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Newest lines" }));
  await waitFor(() => expect(address()).not.toContain("of=t1"));
  await waitFor(() => expect(query(events.now(STREAM))).toMatchObject({ match: "milk" }));
});

test("a line that was linked and is gone is said to be gone", async () => {
  network(web);
  streams();
  open(`/services/web?tab=logs&at=${encodeURIComponent(at(0))}&of=t1`);
  expect(await screen.findByText(/line that was linked is not there any more/)).toBeTruthy();
});

test("a line can be copied, linked to and seen in its context", async () => {
  const { log, stream, user, address } = await opened({}, "&q=milk");
  stream.send("line", { items: [entry("no milk", { time: "2026-01-02T03:04:05.123456Z" })] });
  await user.click(await within(log).findByText("no milk"));
  await user.click(within(log).getByRole("button", { name: "Copy link to this line" }));
  await waitFor(async () =>
    expect(decodeURIComponent(await navigator.clipboard.readText())).toMatch(
      /\/services\/web\?tab=logs&at=2026-01-02T03:04:05.123456Z&of=t1$/,
    ),
  );
  await user.click(within(log).getByRole("button", { name: "Copy line" }));
  await waitFor(async () => expect(await navigator.clipboard.readText()).toBe("no milk"));
  await user.click(within(log).getByRole("link", { name: "See in context" }));
  await waitFor(() => expect(address()).toContain("of=t1"));
  expect(await screen.findByText("One line in its context.")).toBeTruthy();
});

test("JSON says its gist and unfolds", async () => {
  const { log, stream, user } = await opened();
  stream.send("line", {
    items: [entry('{"level":"error","msg":"no milk","shop":{"open":false},"count":3}')],
  });
  expect(await within(log).findByText("no milk")).toBeTruthy();
  expect(within(log).queryByText('"open":', { exact: false })).toBeNull();
  await user.click(within(log).getByRole("button", { name: "Unfold JSON" }));
  expect(await within(log).findByText(/"open"/)).toBeTruthy();
  await user.click(within(log).getByRole("button", { name: "Fold JSON" }));
  await waitFor(() => expect(within(log).queryByText(/"open"/)).toBeNull());
});

test("wrapping, times and nodes are chosen by button or key, and remembered", async () => {
  const { log, stream, user, press } = await opened();
  stream.send("line", { items: [entry("hello")] });
  await within(log).findByText("hello");
  expect(log.className).toContain("whitespace-pre-wrap");
  await user.click(screen.getByRole("button", { name: "Wrap" }));
  expect(log.className).not.toContain("whitespace-pre-wrap");
  expect(log.querySelector("time")).not.toBeNull();
  press("t");
  await waitFor(() => expect(log.querySelector("time")).toBeNull());
  press("n");
  expect(await within(log).findByText("manager-1")).toBeTruthy();
  expect(JSON.parse(localStorage.getItem("log-look") ?? "")).toEqual({
    wrap: false,
    times: false,
    nodes: true,
  });
});

test("times are told in UTC when that is wanted", async () => {
  const { log, stream, press } = await opened();
  stream.send("line", { items: [entry("hello", { time: "2026-01-02T03:04:05.123Z" })] });
  await within(log).findByText("hello");
  press("u");
  await waitFor(() => expect(log.querySelector("time")?.textContent).toBe("03:04:05.123"));
});

test("the keys of a log: follow, move, copy, clear, full window, ranges", async () => {
  const { log, stream, press, address, events } = await opened();
  stream.send("line", { items: [entry("one"), entry("two", { time: at(1) })] });
  await within(log).findByText("two");
  press("s");
  expect(await screen.findByRole("button", { name: "Follow" })).toBeTruthy();
  press("k");
  press("c");
  expect(await screen.findByText("Line copied")).toBeTruthy();
  press("f");
  expect(await screen.findByRole("button", { name: "Smaller" })).toBeTruthy();
  press("Escape");
  expect(await screen.findByRole("button", { name: "Full screen" })).toBeTruthy();
  press("x");
  await waitFor(() => expect(within(log).queryByText("one")).toBeNull());
  press("2");
  await waitFor(() => expect(address()).toContain("range=15m"));
  await waitFor(() => expect(query(events.now(STREAM))).toMatchObject({ since: "15m" }));
  press("/");
  expect(document.activeElement).toBe(screen.getByLabelText("Filter lines"));
});

test("a stream that broke is said, and what was written meanwhile is read", async () => {
  const { log, stream, read } = await opened();
  stream.send("line", { items: [entry("before")] });
  await within(log).findByText("before");
  act(() => stream.interrupt());
  expect(await screen.findByText("the stream broke and is tried again")).toBeTruthy();
  act(() => stream.accept());
  await waitFor(() => expect(read().at(-1)?.query.get("since")).toMatch(/^2026-01-02T03:04:05/));
  stream.send("line", { items: [entry("before"), entry("after", { time: at(1) })] });
  expect(await within(log).findByText("after")).toBeTruthy();
  expect(within(log).getAllByText("before")).toHaveLength(1);
});

test("a filter that the server refuses is explained in its words", async () => {
  network({
    ...web,
    "GET /api/services/web/logs": new Problem(422, "invalid_input", "`match`: the regex misses a bracket."),
  });
  const events = streams();
  open("/services/web?tab=logs&q=%2F(%2F");
  await logOf();
  (await waitFor(() => events.now(STREAM))).refuse();
  expect(await screen.findByText(/misses a bracket/)).toBeTruthy();
});

test("a tab that is left gives its stream back", async () => {
  const { user, events } = await opened();
  await user.click(screen.getByRole("tab", { name: /Tasks/ }));
  await waitFor(() => expect(events.open(STREAM)).toHaveLength(0));
});
