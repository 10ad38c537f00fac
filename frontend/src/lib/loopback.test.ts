import { expect, test } from "vitest";
import { isLoopback } from "./loopback";

test("the machine itself is told from others", () => {
  expect(["http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080"].every(isLoopback)).toBe(true);
  expect(["http://127.0.0.1.evil.example", "http://10.0.0.5:8080", "https://a.b"].some(isLoopback)).toBe(
    false,
  );
});
