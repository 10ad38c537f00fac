import { expect, test } from "vitest";
import { auditEntry } from "@/testing/samples";
import { actionWords, placeOf, toCsv } from "./audit";

test("a cell cannot become a formula, and quotes and commas survive", () => {
  const text = toCsv([auditEntry({ target: '=HYPERLINK("x")', detail: 'no "web", sorry' })]);
  expect(text.split("\r\n")[1]).toContain(`"'=HYPERLINK(""x"")"`);
  expect(text).toContain('"no ""web"", sorry"');
});

test("targets lead to their pages, what is gone leads nowhere", () => {
  expect(placeOf({ action: "service.deploy", target: "web" })).toEqual({
    to: "/services/$name",
    params: { name: "web" },
  });
  expect(placeOf({ action: "service.delete", target: "web" })).toBeNull();
  expect(placeOf({ action: "service.remove", target: "web" })).toBeNull();
  expect(placeOf({ action: "create_token", target: "laptop" })).toEqual({ to: "/settings" });
});

test("calls of tools and decisions have words, and the file says which program it was", () => {
  expect(actionWords("mcp.list_services")).toBe("called the tool list_services");
  expect(actionWords("approval.refuse")).toBe("refused");
  expect(placeOf({ action: "approval.approve", target: "apr_1" })).toEqual({ to: "/approvals" });
  expect(placeOf({ action: "mcp.stop_service", target: "web" })).toBeNull();
  expect(toCsv([auditEntry({ client: "claude-code 2.1" })])).toContain(",127.0.0.1,claude-code 2.1,");
});
