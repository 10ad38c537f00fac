import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";
import { dismissAll } from "@/lib/notices";

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 5_000 });

afterEach(() => {
  cleanup();
  dismissAll();
});
