import { expect, test } from "vitest";
import { service } from "@/testing/samples";
import { asCsv, asJson } from "./serviceExport";

test("a file of rows quotes what needs it and gives a spreadsheet no formula", () => {
  const [head, row] = asCsv([
    service({ name: "web", message: '=cmd("x"), bad', nodes: [{ id: "n", hostname: "w1", running: 2 }] }),
  ]).split("\r\n");
  expect(head?.startsWith("name,status,reason,message,")).toBe(true);
  expect(row).toContain(`"'=cmd(""x""), bad"`);
  expect(row).toContain(",w1:2,");
});

test("the other file is the services as the API has them", () => {
  const services = [service({ name: "web" })];
  expect(JSON.parse(asJson(services))).toEqual(services);
});
