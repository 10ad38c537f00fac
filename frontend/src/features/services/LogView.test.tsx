import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { LogEntry } from "@/api/types";
import { network, Problem } from "@/testing/network";
import { open } from "@/testing/open";
import { serviceDetail, task } from "@/testing/samples";
import { type FakeSource, streams } from "@/testing/stream";

const entry = (line: string, change: Partial<LogEntry> = {}): LogEntry => ({
  time: "2026-01-02T03:04:05.123Z",
  task: "web.1",
  task_id: "t1",
  node: "manager-1",
  stream: "stdout",
  line,
  ...change,
});
const web = {
  "GET /api/services/web": serviceDetail({
    name: "web",
    tasks: [task({ id: "t1" }), task({ id: "t2", name: "web.2", slot: 2, node: "worker-1", node_id: "n2" })],
  }),
};
const PATH = "/api/services/web/logs/stream";

async function opened(address = "/services/web?tab=logs") {
  const events = streams();
  const page = open(address);
  const log = await screen.findByRole("log", { name: "Log lines of web" });
  const stream = await waitFor(() => events.now(PATH));
  stream.accept();
  return { ...page, log, stream, events };
}

const query = (source: FakeSource) => Object.fromEntries(new URL(source.url, "http://x").searchParams);

/** happy-dom lays nothing out: the pane says here how tall it is and where one looks. */
function scrollTo(log: HTMLElement, top: number) {
  Object.defineProperty(log, "scrollHeight", { value: 2_000, configurable: true });
  Object.defineProperty(log, "clientHeight", { value: 400, configurable: true });
  log.scrollTop = top;
  fireEvent.scroll(log);
}

test("lines appear as they are written, without colour codes, and are asked for once", async () => {
  const { asked } = network(web);
  const { log, stream } = await opened();
  stream.send("line", { items: [entry("\u001b[31mERROR\u001b[0m out of milk", { stream: "stderr" })] });
  expect(await within(log).findByText("ERROR out of milk")).toBeTruthy();
  stream.send("line", { items: [entry("milk is back")] });
  expect(await within(log).findByText("milk is back")).toBeTruthy();
  expect(asked.some(({ path }) => path.endsWith("/logs"))).toBe(false);
});

test("who does not answer is named until it answers, and what was dropped is counted", async () => {
  network(web);
  const { log, stream } = await opened();
  const state = { node: "worker-1", task: null, state: "silent", message: "it does not answer" };
  stream.send("state", state);
  await waitFor(() => expect(screen.getByRole("status").textContent).toBe("worker-1: it does not answer"));
  stream.send("dropped", { count: 1_234 });
  expect(await within(log).findByText(/1,234 lines dropped/)).toBeTruthy();
  stream.send("state", { ...state, state: "answers", message: "its lines come again" });
  expect(await within(log).findByText(/worker-1: its lines come again/)).toBeTruthy();
  expect(screen.queryByRole("status")).toBeNull();
});

test("scrolling up holds the view still, and new lines are counted until one goes back to them", async () => {
  network(web);
  const { log, stream, user } = await opened();
  stream.send("line", { items: [entry("first")] });
  await within(log).findByText("first");
  act(() => scrollTo(log, 1_600));
  act(() => scrollTo(log, 900));
  expect(await screen.findByRole("button", { name: "Follow" })).toBeTruthy();
  stream.send("line", { items: [entry("second"), entry("third")] });
  const resume = await screen.findByRole("button", { name: "2 new lines" });
  expect(within(log).queryByText("second")).toBeNull();
  await user.click(resume);
  expect(await within(log).findByText("third")).toBeTruthy();
  expect(screen.getByRole("button", { name: "Following" })).toBeTruthy();
});

test("what is filtered is asked of the server, kept in the address and in the download", async () => {
  network(web);
  const { user, events, address } = await opened();
  await user.selectOptions(screen.getByLabelText("Task"), "web.2");
  await user.selectOptions(screen.getByLabelText("Stream"), "stderr");
  await user.type(screen.getByLabelText("Filter lines"), "/mil+k/i");
  const wanted = { task: "web.2", stream: "stderr", match: "/mil+k/i" };
  await waitFor(() => expect(query(events.now(PATH))).toEqual({ ...wanted, tail: "500" }));
  expect(events.open(PATH)).toHaveLength(1);
  expect(address()).toContain("task=web.2");
  const link = screen.getByRole("link", { name: "Download" });
  const href = new URL(link.getAttribute("href") ?? "", "http://x");
  expect(href.pathname).toBe("/api/services/web/logs");
  expect(Object.fromEntries(href.searchParams)).toMatchObject({ ...wanted, download: "true" });
});

test("a filter that the server refuses is explained in its words", async () => {
  network({
    ...web,
    "GET /api/services/web/logs": new Problem(422, "invalid_input", "`match`: the regex misses a bracket."),
  });
  const { stream } = await opened("/services/web?tab=logs&q=%2F(%2F");
  stream.refuse();
  expect(await screen.findByText(/misses a bracket/)).toBeTruthy();
});

test("a tab that is left gives its stream back", async () => {
  network(web);
  const { user, events } = await opened();
  await user.click(screen.getByRole("tab", { name: /Tasks/ }));
  await waitFor(() => expect(events.open(PATH)).toHaveLength(0));
});
