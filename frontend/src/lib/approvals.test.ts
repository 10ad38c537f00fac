import { expect, test } from "vitest";
import { approval } from "@/testing/samples";
import { shownArguments } from "./approvalArguments";
import { actOf, approvalMeaning, countdown, plainly, secondsLeft } from "./approvals";

test("an act reads as a sentence, also one that has no words yet", () => {
  expect(actOf({ action: "service.stop", target: "web" })).toBe("stop web");
  expect(actOf({ action: "moon.land_on", target: "" })).toBe("moon land on");
});

test("what cannot be seen is made visible, so that no text looks like another", () => {
  expect(plainly("we\u202eb \u200bapi\u0000\u2028")).toBe("we\\u{202e}b \\u{200b}api\\u{0}\\u{2028}");
  expect(plainly("größe: 2\n\tträge – 日本 🚀")).toBe("größe: 2\n\tträge – 日本 🚀");
});

test("arguments are told one by one, the target not twice, what is deep as YAML", () => {
  const shown = shownArguments(
    approval({
      target: "web",
      arguments: {
        name: "web",
        replicas: 0,
        services: ["a", "b"],
        definition: { image: "nginx:1", mounts: ["/etc:/host"] },
        yaml: "image: nginx\nreplicas: 0\n",
      },
    }),
  );
  expect(shown).toEqual([
    { name: "replicas", text: "0", block: false },
    { name: "services", text: "a, b", block: false },
    { name: "definition", text: 'image: nginx:1\nmounts:\n  - "/etc:/host"', block: true },
    { name: "yaml", text: "image: nginx\nreplicas: 0", block: true },
  ]);
});

test("of an act upon several the names are told once", () => {
  const given = { action: "restart", services: ["web", "api"] };
  expect(shownArguments(approval({ target: "web, api", arguments: given }))).toEqual([
    { name: "action", text: "restart", block: false },
  ]);
});

test("an approval that ran out after a yes is told from one that nobody decided", () => {
  expect(approvalMeaning({ state: "expired", decided_by: null }).word).toBe("expired");
  expect(approvalMeaning({ state: "expired", decided_by: "ada" })).toMatchObject({ reason: "never done" });
});

test("the time left is the server's, whatever the browser's clock says", () => {
  const readAt = Date.parse("2031-01-01T00:00:00Z");
  expect(secondsLeft({ seconds_left: 90 }, readAt, readAt + 30_000)).toBe(60);
  expect(secondsLeft({ seconds_left: 90 }, readAt, readAt + 100_000)).toBe(0);
  expect([3600, 601, 600, 59.2, 0].map(countdown)).toEqual(["60 min", "11 min", "10:00", "1:00", "0:00"]);
});
