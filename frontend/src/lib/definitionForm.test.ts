import { expect, test } from "vitest";
import { emptyForm, formFieldOf, toDefinition } from "./definitionForm";

test("an almost empty form is an almost empty definition", () => {
  expect(toDefinition({ ...emptyForm(), image: " nginx:1 " })).toEqual({ image: "nginx:1", replicas: 1 });
});

test("a full form says everything, ports in the form that means what was chosen", () => {
  const definition = toDefinition({
    image: "app:1",
    mode: "replicated",
    replicas: "3",
    command: "serve --all",
    ports: [
      { id: 1, published: "8080", target: "80", protocol: "tcp", mode: "ingress" },
      { id: 2, published: "5353", target: "53", protocol: "udp", mode: "ingress" },
      { id: 3, published: "9100", target: "9100", protocol: "tcp", mode: "host" },
      { id: 4, published: "", target: "7000", protocol: "tcp", mode: "ingress" },
      { id: 5, published: "", target: "", protocol: "tcp", mode: "ingress" },
    ],
    env: [
      { id: 1, key: "TZ", value: "Europe/Berlin" },
      { id: 2, key: "", value: "lost" },
      { id: 3, key: "EMPTY", value: "" },
    ],
    constraints: [
      { id: 1, value: "node.role == worker" },
      { id: 2, value: " " },
    ],
    mounts: [{ id: 1, value: "data:/data" }],
    networks: [{ id: 1, value: "backend" }],
    memory: "512M",
    cpus: "0.5",
  });
  expect(definition).toEqual({
    image: "app:1",
    replicas: 3,
    command: "serve --all",
    ports: [
      "8080:80",
      "5353:53/udp",
      { target: 9100, published: 9100, mode: "host" },
      { target: 7000, mode: "ingress" },
    ],
    env: { TZ: "Europe/Berlin", EMPTY: "" },
    constraints: ["node.role == worker"],
    mounts: ["data:/data"],
    networks: ["backend"],
    resources: { limits: { cpus: "0.5", memory: "512M" } },
  });
});

test("a global service has a mode and no replicas", () => {
  expect(toDefinition({ ...emptyForm(), image: "a", mode: "global" })).toEqual({
    image: "a",
    mode: "global",
  });
});

test("what is no number goes to the server as typed, which says what is wrong with it", () => {
  expect(toDefinition({ ...emptyForm(), image: "a", replicas: "many" })["replicas"]).toBe("many");
  expect(toDefinition({ ...emptyForm(), image: "a", replicas: "-1" })["replicas"]).toBe(-1);
});

test("a server's path finds its form field", () => {
  expect(formFieldOf("definition.ports[1].target")).toBe("ports");
  expect(formFieldOf("env.TZ")).toBe("env");
  expect(formFieldOf("resources.limits.memory")).toBe("memory");
  expect(formFieldOf("name")).toBe("name");
});
