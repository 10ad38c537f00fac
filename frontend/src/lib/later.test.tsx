import { act, render } from "@testing-library/react";
import { Component, type ReactNode, Suspense } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asProblem } from "@/api/problem";
import { later } from "./later";
import { dismissAll, noticeStore } from "./notices";

class Boundary extends Component<{ children: ReactNode }, { code: string | null }> {
  override state = { code: null };
  static getDerivedStateFromError = (error: unknown) => ({ code: asProblem(error).code });
  override render() {
    return this.state.code ?? this.props.children;
  }
}

const gone = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));
const show = (load: () => Promise<{ default: () => ReactNode }>) => {
  const Part = later(load);
  render(
    <Boundary>
      <Suspense fallback="waiting">
        <Part />
      </Suspense>
    </Boundary>,
  );
};
const pass = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  dismissAll();
});

test("a part that cannot be had without a network is there when the network is", async () => {
  vi.stubGlobal("fetch", gone);
  let online = false;
  show(() => (online ? Promise.resolve({ default: () => "the part" }) : gone()));
  await pass(1_000);
  expect(noticeStore.get()).toEqual([]);
  await pass(60_000);
  expect(document.body.textContent).toBe("waiting");
  expect(noticeStore.get().map(({ kind }) => kind)).toEqual(["problem"]);
  online = true;
  await pass(5_000);
  expect(document.body.textContent).toBe("the part");
  expect(noticeStore.get()).toEqual([]);
});

test("a part that the server no longer has says that the page is out of date", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}")));
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  show(gone);
  await pass(10_000);
  expect(document.body.textContent).toBe("page_outdated");
  expect(noticeStore.get()).toEqual([]);
});
