// What an act certainly ends: tasks, ports, names on a network, the last of a stack. What cannot be known is not said.
import type { Service } from "@/api/types";
import { plural } from "./format";

const runs = (service: Service) => service.running > 0;

/** `a, b, c and 4 more` */
export function some(names: readonly string[], most = 4): string {
  if (names.length <= most + 1) return names.join(", ");
  return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
}

const hosts = (services: readonly Service[]) => [
  ...new Set(services.flatMap((service) => service.nodes.map((node) => node.hostname))),
];

export function tasksThatEnd(services: readonly Service[]): string {
  const count = services.reduce((sum, service) => sum + service.running, 0);
  if (count === 0) return "No task of it runs now.";
  const where = hosts(services);
  return `${plural(count, "running task")}${where.length > 0 ? ` on ${some(where)}` : ""} ${
    count === 1 ? "ends" : "end"
  }.`;
}

/** When these leave the swarm: `everything` is what the swarm and the catalog have. */
export function whatGoesAway(services: readonly Service[], everything: readonly Service[]): string[] {
  const leaving = new Set(services.map(({ name }) => name));
  const said: string[] = [];
  const ports = services.flatMap((service) =>
    service.ports
      .filter(({ published }) => published !== null)
      .map(({ published }) => (services.length === 1 ? String(published) : `${published} (${service.name})`)),
  );
  if (ports.length === 1) said.push(`Published port ${ports[0]} goes away on every node.`);
  if (ports.length > 1) said.push(`Published ports ${some(ports)} go away on every node.`);
  for (const stack of new Set(services.map((service) => service.stack).filter((name) => name !== null))) {
    const others = everything.filter((each) => each.stack === stack && !leaving.has(each.name) && each.live);
    const stay = others.filter(runs).map(({ name }) => name);
    said.push(
      stay.length === 0
        ? `Nothing of the stack ${stack} runs after that.`
        : `Of the stack ${stack} there ${stay.length === 1 ? "stays" : "stay"} ${some(stay)}; what they ask of ${
            services.length === 1 ? "it" : "these"
          } fails.`,
    );
  }
  for (const network of new Set(services.flatMap((service) => service.networks))) {
    const others = everything.filter((each) => each.networks.includes(network) && !leaving.has(each.name));
    if (others.length > 0)
      said.push(
        `On the network ${network}, ${some(others.map(({ name }) => name))} no longer ${
          others.length === 1 ? "reaches" : "reach"
        } ${services.length === 1 ? "it" : "them"}.`,
      );
  }
  const images = new Map<string, number>();
  for (const each of everything)
    if (each.live && each.image !== null && !leaving.has(each.name))
      images.set(each.image, (images.get(each.image) ?? 0) + 1);
  const last = services.filter(
    (service) => service.live && service.image !== null && !images.has(service.image),
  );
  if (services.length === 1 && last.length === 1) said.push("No other service runs its image.");
  return said;
}

/** While all tasks are replaced. */
export function whileRestarting(services: readonly Service[]): string[] {
  const single = services.filter((service) => service.desired === 1 && service.mode === "replicated");
  if (single.length === 0) return [];
  const names = some(single.map(({ name }) => name));
  return [
    services.length === 1
      ? "It has one replica: unless its definition says start-first, it does not answer meanwhile."
      : `${names} ${single.length === 1 ? "has" : "have"} one replica: unless the definition says start-first, ${
          single.length === 1 ? "it does" : "they do"
        } not answer meanwhile.`,
  ];
}
