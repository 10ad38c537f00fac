import { expect, test } from "vitest";
import { service } from "@/testing/samples";
import { deployCommand, quoted, restartCommand, scaleCommand, stopCommand } from "./dockerCommands";

const web = service({ name: "web" });
const api = service({ name: "api" });

test("acts have their commands, for one and for many", () => {
  expect(scaleCommand([web], 3)).toBe("docker service scale web=3");
  expect(stopCommand([web, api])).toBe("docker service rm web api");
  expect(restartCommand([web])).toBe("docker service update --force web");
  expect(restartCommand([web, api])).toBe(
    'for service in web api; do\n  docker service update --force "$service"\ndone',
  );
});

test("a deploy creates what is not there and updates what is", () => {
  const ports = [{ target: 53, published: 5353, protocol: "udp", mode: "ingress" as const }];
  expect(deployCommand([service({ name: "dns", live: false, image: "dns:1", desired: 0, ports })])).toBe(
    "docker service create --with-registry-auth --name dns --replicas 1 --publish 5353:53/udp dns:1",
  );
  expect(deployCommand([web])).toBe(
    "docker service update --with-registry-auth --image 10.0.0.5:5000/app:1 web",
  );
});

test("what a shell would read otherwise is quoted", () => {
  expect(quoted("a b'c")).toBe("'a b'\\''c'");
  expect(quoted("$(rm)")).toBe("'$(rm)'");
});
