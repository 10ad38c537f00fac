// What can be done with a service, which permission each act needs, and why one is not offered.
import type { Service, ServiceDetail } from "@/api/types";
import type { Permission } from "./permissions";

export type ServiceAct =
  | "deploy"
  | "scale"
  | "stop"
  | "edit"
  | "delete"
  | "restart"
  | "rollback"
  | "build"
  | "add";

export const serviceActNeeds = {
  deploy: "operate",
  scale: "operate",
  stop: "operate",
  restart: "operate",
  rollback: "operate",
  edit: "edit",
  delete: "edit",
  add: "edit",
  build: "build",
} as const satisfies Record<ServiceAct, Permission>;

/** Why an act is not possible, in a sentence; null when it is. Who may do it is another question. */
export function whyNot(service: Service, act: ServiceAct): string | null {
  if (act === "add") return service.in_catalog ? "It is in the catalog." : null;
  if (!service.in_catalog)
    return "Not in the catalog: register a definition of this name, then take it over.";
  if (act === "deploy" && service.status === "broken")
    return "Its file cannot be read; mend the definition first.";
  if (act === "stop" && !service.live) return "It is not in the swarm.";
  if ((act === "restart" || act === "rollback") && !service.live)
    return "It is not in the swarm; deploy it first.";
  if (service.live && service.deployed_revision === null && /^(scale|stop|restart|rollback)$/.test(act))
    return "The swarm runs one of this name that was not deployed from here; Deploy takes it over.";
  if (act === "scale") {
    if (!service.live) return "It is not in the swarm; deploy it first.";
    if (service.mode.startsWith("global")) return "A global service runs once on every node.";
  }
  return null;
}

/** The folder below the projects directory that its image is built from. */
export function builtFrom(service: ServiceDetail): string | null {
  const folder = service.definition?.["build_context"];
  return typeof folder === "string" && folder !== "" ? folder : null;
}
