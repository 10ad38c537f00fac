import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { useKeyGroups, useKeys } from "./useKeys";

function View({ on, title }: { on: (what: string) => void; title: string }) {
  useKeys([{ key: "w", label: "Wrap lines", run: () => on(title) }], title);
  return <input aria-label={`box of ${title}`} />;
}
function Whole({ on }: { on: (what: string) => void }) {
  useKeys([
    { key: "g n", label: "Nodes", run: () => on("nodes") },
    { key: "n", label: "Names", run: () => on("names") },
    { key: "Mod+k", label: "Find", run: () => on("find") },
  ]);
  return <input aria-label="box" />;
}
function Help() {
  return useKeyGroups().map(({ title, keys }) => (
    <p key={title}>
      {title}: {keys.map(({ key, label }) => `${key} ${label}`)}
    </p>
  ));
}

test("a key acts in the view that was opened last, and not once that is gone", () => {
  const done: string[] = [];
  const on = (what: string) => done.push(what);
  const { rerender } = render(<View on={on} title="list" />);
  rerender(
    <>
      <View on={on} title="list" />
      <View on={on} title="log" />
    </>,
  );
  fireEvent.keyDown(document.body, { key: "w" });
  rerender(<View on={on} title="list" />);
  fireEvent.keyDown(document.body, { key: "w" });
  rerender(<p />);
  fireEvent.keyDown(document.body, { key: "w" });
  expect(done).toEqual(["log", "list"]);
});

test("typing and the browser's own keys are left alone", () => {
  const done: string[] = [];
  render(<View on={(what) => done.push(what)} title="log" />);
  fireEvent.keyDown(screen.getByLabelText("box of log"), { key: "w" });
  fireEvent.keyDown(document.body, { key: "w", ctrlKey: true });
  expect(done).toEqual([]);
});

test("what counts now can be listed", () => {
  render(
    <>
      <View on={() => undefined} title="log" />
      <Help />
    </>,
  );
  expect(screen.getByText("log: w Wrap lines")).toBeTruthy();
});

test("two keys in a row act, and with Ctrl a key acts while somebody types", () => {
  const done: string[] = [];
  render(<Whole on={(what) => done.push(what)} />);
  fireEvent.keyDown(document.body, { key: "g" });
  fireEvent.keyDown(document.body, { key: "n" });
  fireEvent.keyDown(document.body, { key: "n" });
  fireEvent.keyDown(screen.getByLabelText("box"), { key: "k", metaKey: true });
  expect(done).toEqual(["nodes", "names", "find"]);
});
