import { act, fireEvent, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { FilterBox } from "@/components/FilterBox";
import { useAhead } from "./useAhead";

/** Told values wait in `late` until the test lets them arrive, as an address does. */
function box() {
  const late: string[] = [];
  const show = (value: string) => (
    <FilterBox label="Filter" placeholder="" value={value} onChange={(text) => late.push(text)} />
  );
  const { rerender } = render(show(""));
  const input = screen.getByLabelText<HTMLInputElement>("Filter");
  return {
    input,
    late,
    type: (text: string) => fireEvent.change(input, { target: { value: text } }),
    arrive: (value: string) => act(() => rerender(show(value))),
  };
}

test("letters typed before the address has followed stay", () => {
  const { input, late, type, arrive } = box();
  for (const text of ["n", "no", "not"]) type(text);
  expect(input.value).toBe("not");
  expect(late).toEqual(["n", "no", "not"]);
  arrive("n");
  expect(input.value).toBe("not");
  type("noth");
  arrive("not");
  arrive("noth");
  expect(input.value).toBe("noth");
});

test("what somebody else does to the address is shown", () => {
  const { input, type, arrive } = box();
  type("web");
  arrive("web");
  arrive("");
  expect(input.value).toBe("");
  arrive("web");
  expect(input.value).toBe("web");
});

interface Search {
  sort?: string | undefined;
  group?: string | undefined;
}

function List({ address, told }: { address: Search; told: (search: Search) => void }) {
  const [search, set] = useAhead(address, told);
  const turn = search.sort === "name" ? "-name" : "name";
  return (
    <>
      <button type="button" onClick={() => set({ ...search, sort: turn })}>
        Name
      </button>
      <button type="button" onClick={() => set({ ...search, group: "node" })}>
        By node
      </button>
      <output>{`${search.sort} ${search.group}`}</output>
    </>
  );
}

test("the next change starts from the last one although the address has followed neither", () => {
  const late: Search[] = [];
  const told = (search: Search) => void late.push(search);
  const { rerender } = render(<List address={{}} told={told} />);
  for (const name of ["Name", "Name", "By node"]) fireEvent.click(screen.getByText(name));
  expect(late.at(-1)).toEqual({ sort: "-name", group: "node" });
  rerender(<List address={{ sort: "name" }} told={told} />);
  rerender(<List address={{ group: "node", sort: "-name" }} told={told} />);
  expect(screen.getByRole("status").textContent).toBe("-name node");
  rerender(<List address={{}} told={told} />);
  expect(screen.getByRole("status").textContent).toBe("undefined undefined");
});
