import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { dismissAll } from "@/lib/notices";
import { layOut } from "./layout";
import { streams } from "./stream";

// A busy machine is slow, not wrong.
configure({ asyncUtilTimeout: 20_000 });
layOut();

beforeEach(() => {
  streams();
});

afterEach(() => {
  cleanup();
  dismissAll();
});
