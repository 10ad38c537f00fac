// The form of a service and the definition it stands for.

export interface PortField {
  id: number;
  published: string;
  target: string;
  protocol: "tcp" | "udp";
  mode: "ingress" | "host";
}
export interface PairField {
  id: number;
  key: string;
  value: string;
}
export interface LineField {
  id: number;
  value: string;
}

export interface DefinitionForm {
  image: string;
  mode: "replicated" | "global";
  replicas: string;
  command: string;
  ports: PortField[];
  env: PairField[];
  constraints: LineField[];
  mounts: LineField[];
  networks: LineField[];
  memory: string;
  cpus: string;
}

export const emptyForm = (): DefinitionForm => ({
  image: "",
  mode: "replicated",
  replicas: "1",
  command: "",
  ports: [],
  env: [],
  constraints: [],
  mounts: [],
  networks: [],
  memory: "",
  cpus: "",
});

/** A whole number as a number; anything else as typed, so that the server names what is wrong with it. */
const number = (text: string): number | string =>
  /^-?\d+$/.test(text.trim()) ? Number(text.trim()) : text.trim();

function port(field: PortField): unknown {
  const { published, target, protocol, mode } = field;
  if (mode === "ingress" && published.trim() !== "") {
    return `${published.trim()}:${target.trim()}${protocol === "udp" ? "/udp" : ""}`;
  }
  return {
    target: number(target),
    ...(published.trim() !== "" && { published: number(published) }),
    ...(protocol === "udp" && { protocol }),
    mode,
  };
}

const filled = (lines: LineField[]) => lines.map((line) => line.value.trim()).filter((line) => line !== "");

/** Only what was filled in: a definition says what differs from the defaults. */
export function toDefinition(form: DefinitionForm): Record<string, unknown> {
  const ports = form.ports
    .filter((field) => field.target.trim() !== "" || field.published.trim() !== "")
    .map(port);
  const env = form.env.filter((pair) => pair.key.trim() !== "");
  const constraints = filled(form.constraints);
  const mounts = filled(form.mounts);
  const networks = filled(form.networks);
  const limits = {
    ...(form.cpus.trim() !== "" && { cpus: form.cpus.trim() }),
    ...(form.memory.trim() !== "" && { memory: form.memory.trim() }),
  };
  return {
    image: form.image.trim(),
    ...(form.mode === "global" ? { mode: "global" } : { replicas: number(form.replicas) }),
    ...(form.command.trim() !== "" && { command: form.command.trim() }),
    ...(ports.length > 0 && { ports }),
    ...(env.length > 0 && { env: Object.fromEntries(env.map(({ key, value }) => [key.trim(), value])) }),
    ...(constraints.length > 0 && { constraints }),
    ...(mounts.length > 0 && { mounts }),
    ...(networks.length > 0 && { networks }),
    ...(Object.keys(limits).length > 0 && { resources: { limits } }),
  };
}

/** Which form field a server's error belongs to: `definition.ports[1].target` is `ports`. */
export function formFieldOf(path: string): string {
  const [head = ""] = path.replace(/^(definition|yaml|body)\./, "").split(/[.[]/);
  if (head === "resources") return path.includes("memory") ? "memory" : "cpus";
  return head;
}
