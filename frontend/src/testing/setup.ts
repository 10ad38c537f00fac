import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { dismissAll } from "@/lib/notices";
import { streams } from "./stream";

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 5_000 });

beforeEach(() => {
  streams();
});

afterEach(() => {
  cleanup();
  dismissAll();
});
