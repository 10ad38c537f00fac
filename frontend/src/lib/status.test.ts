import { describe, expect, test } from "vitest";
import { service } from "@/testing/samples";
import {
  deploymentMeaning,
  isFinal,
  needsAttention,
  nodeMeaning,
  replicaWords,
  serviceMeaning,
  serviceStatuses,
  slotTones,
  taskMeaning,
} from "./status";

describe("the status vocabulary", () => {
  test("gives each service status one tone and its own word", () => {
    const said = serviceStatuses.map((status) => serviceMeaning({ status, reason: null }));
    expect(said.map(({ word, tone }) => `${word} ${tone}`)).toEqual([
      "failed bad",
      "broken bad",
      "degraded warn",
      "pending wait",
      "updating move",
      "running ok",
      "stopped off",
    ]);
  });

  test("tells a finished batch job from a service that was never deployed", () => {
    expect(serviceMeaning({ status: "stopped", reason: "complete" }).reason).toBe("complete");
    expect(serviceMeaning({ status: "stopped", reason: "never_deployed" }).reason).toBe("never deployed");
  });

  test("leaves a service alone that only just starts", () => {
    expect(needsAttention({ status: "pending", reason: "starting" })).toBe(false);
    expect(needsAttention({ status: "pending", reason: "no_suitable_node" })).toBe(true);
    expect(needsAttention({ status: "stopped", reason: "complete" })).toBe(false);
  });

  test("calls a node that does not answer down, whatever its availability", () => {
    expect(nodeMeaning({ state: "down", availability: "drain" })).toEqual({ tone: "bad", word: "down" });
    expect(nodeMeaning({ state: "ready", availability: "drain" })).toEqual({ tone: "wait", word: "drained" });
  });

  test("knows which deployments are decided", () => {
    expect(isFinal("rolling_out")).toBe(false);
    expect(isFinal("accepted")).toBe(false);
    expect(isFinal("stuck")).toBe(true);
    expect(deploymentMeaning("rolled_back")).toEqual({ tone: "warn", word: "rolled back" });
  });

  test("draws a task state it has never heard of without alarm", () => {
    expect(taskMeaning("hibernating")).toEqual({ tone: "off", word: "hibernating" });
    expect(taskMeaning("rejected").tone).toBe("bad");
  });
});

describe("the slots of a service", () => {
  test("are one bar each while they fit", () => {
    const tones = slotTones(service({ name: "web", status: "updating", desired: 5, running: 3 }));
    expect(tones).toEqual(["ok", "ok", "ok", "move", "move"]);
  });

  test("become proportional beyond that, and one missing of a thousand is still seen", () => {
    const tones = slotTones(service({ name: "web", status: "degraded", desired: 1000, running: 999 }), 8);
    expect(tones).toHaveLength(8);
    expect(tones.at(-1)).toBe("warn");
  });

  test("of nothing are one empty bar", () => {
    expect(slotTones(service({ name: "web", status: "stopped", desired: 0, running: 0 }))).toEqual(["off"]);
  });

  test("are counted in words, jobs by what is done", () => {
    expect(replicaWords(service({ name: "web", desired: 3, running: 2 }))).toBe("2 / 3");
    expect(
      replicaWords(service({ name: "job", mode: "replicated-job", desired: 4, running: 0, completed: 4 })),
    ).toBe("4 / 4 done");
    expect(replicaWords(service({ name: "web", desired: 0, running: 0 }))).toBe("0");
  });
});
