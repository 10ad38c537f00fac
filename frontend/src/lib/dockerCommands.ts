// The same act on the command line, to learn from, to paste into a terminal or into a script.
import type { Service } from "@/api/types";

const plain = /^[\w@%+=:,./-]+$/;
export const quoted = (word: string) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

const wordsOf = (words: readonly string[]) => words.map(quoted).join(" ");
const names = (services: readonly Pick<Service, "name">[]) => services.map(({ name }) => name);

export const scaleCommand = (services: readonly Pick<Service, "name">[], replicas: number) =>
  `docker service scale ${wordsOf(names(services).map((name) => `${name}=${replicas}`))}`;

export const stopCommand = (services: readonly Pick<Service, "name">[]) =>
  `docker service rm ${wordsOf(names(services))}`;

const each = (services: readonly Pick<Service, "name">[], command: string) =>
  services.length === 1
    ? `docker service ${command} ${wordsOf(names(services))}`
    : `for service in ${wordsOf(names(services))}; do\n  docker service ${command} "$service"\ndone`;

export const restartCommand = (services: readonly Pick<Service, "name">[]) =>
  each(services, "update --force");

/** The engine knows one earlier spec only. */
export const rollbackCommand = (service: Pick<Service, "name">) =>
  `docker service rollback ${quoted(service.name)}`;

type Deployed = Pick<Service, "name" | "live" | "image" | "mode" | "desired" | "ports">;

/** As far as the list knows the service: a definition says more than fits a line. */
function deployOne({ name, live, image, mode, desired, ports }: Deployed): string {
  const of = image ?? "IMAGE";
  if (live) return `docker service update ${wordsOf(["--with-registry-auth", "--image", of, name])}`;
  const count = mode === "replicated" ? ["--replicas", String(Math.max(1, desired))] : ["--mode", mode];
  const published = ports.flatMap(({ published: port, target, protocol, mode: how }) => [
    "--publish",
    how === "host"
      ? `published=${port ?? ""},target=${target},protocol=${protocol},mode=host`
      : `${port === null ? "" : `${port}:`}${target}${protocol === "tcp" ? "" : `/${protocol}`}`,
  ]);
  return `docker service create ${wordsOf(["--with-registry-auth", "--name", name, ...count, ...published, of])}`;
}

export const deployCommand = (services: readonly Deployed[]) => services.map(deployOne).join("\n");

export const inspectCommand = (service: Pick<Service, "name">) =>
  `docker service inspect --pretty ${quoted(service.name)}`;
export const tasksCommand = (service: Pick<Service, "name">) =>
  `docker service ps --no-trunc ${quoted(service.name)}`;
export const logsCommand = (service: Pick<Service, "name">) =>
  `docker service logs --follow --timestamps ${quoted(service.name)}`;
