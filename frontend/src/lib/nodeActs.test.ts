import { expect, test } from "vitest";
import { node } from "@/testing/samples";
import { actCommand, actsFor, hindrance, labelCommand, quorumSentence } from "./nodeActs";

const manager = (id: string, reachability = "reachable") =>
  node({ id, hostname: id, leader: false, reachability });
const worker = node({ id: "w", hostname: "worker 1", role: "worker", leader: false, reachability: null });

test("the number of managers is told as what may fail", () => {
  expect(quorumSentence([manager("a")])).toBe("1 manager, it may not fail");
  expect(quorumSentence([manager("a"), manager("b"), manager("c"), worker])).toBe("3 managers, one may fail");
  expect(quorumSentence([manager("a"), manager("b"), manager("c", "unreachable")])).toBe(
    "3 managers, 2 reachable: none may fail",
  );
  expect(quorumSentence([manager("a"), manager("b", "unreachable"), manager("c", "unreachable")])).toBe(
    "3 managers, 1 reachable: the swarm decides nothing",
  );
  expect(quorumSentence([1, 2, 3, 4].map((id) => manager(String(id))))).toBe(
    "4 managers, one may fail; three would do as well",
  );
});

test("an act that would be refused says why before it is tried", () => {
  expect(hindrance("demote", manager("a"), [manager("a"), worker])).toBe("the only manager");
  const pair = [manager("a"), manager("b"), manager("c", "unreachable")];
  expect(hindrance("demote", manager("a"), pair)).toBe("too few managers would be left");
  expect(hindrance("demote", manager("c", "unreachable"), pair)).toBeNull();
  expect(hindrance("remove", manager("a"), pair)).toBe("demote it first");
  expect(hindrance("remove", worker, [worker])).toBeNull();
});

test("only acts that change something are offered", () => {
  expect(actsFor(worker)).toEqual(["drain", "pause", "promote", "remove"]);
  expect(actsFor({ ...worker, availability: "pause" })).toEqual(["drain", "activate", "promote", "remove"]);
  expect(actsFor({ ...manager("a"), availability: "drain" })).toEqual(["activate", "demote", "remove"]);
});

test("each act is also a command, with names that a shell keeps whole", () => {
  expect(actCommand("drain", worker)).toBe("docker node update --availability drain 'worker 1'");
  expect(actCommand("remove", worker, true)).toBe("docker node rm --force 'worker 1'");
  expect(labelCommand(manager("a"), { zone: "a", old: "" }, { zone: "b", ssd: "" })).toBe(
    "docker node update --label-add zone=b --label-add ssd --label-rm old a",
  );
});
