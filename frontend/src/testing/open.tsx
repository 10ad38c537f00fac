import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { App, makeParts } from "@/app/App";

/** Opens the whole page at an address, as a browser would. */
export function open(address: string) {
  const parts = makeParts(createMemoryHistory({ initialEntries: [address] }));
  render(<App {...parts} />);
  return { ...parts, user: userEvent.setup(), address: () => parts.router.history.location.href };
}
