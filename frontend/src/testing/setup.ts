import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { dismissAll } from "@/lib/notices";

afterEach(() => {
  cleanup();
  dismissAll();
});
