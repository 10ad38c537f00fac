// Texts to begin a new service with.

export interface StartingPoint {
  id: string;
  title: string;
  about: string;
  text: string;
}

export const startingPoints: readonly StartingPoint[] = [
  {
    id: "empty",
    title: "Empty",
    about: "An image and how many of it",
    text: "name: \nimage: \nreplicas: 1\n",
  },
  {
    id: "web",
    title: "Web service",
    about: "A port, a health check, updates without a gap",
    text: `name: 
image: 
replicas: 2

ports:
  - "8080:80"

# A task counts as running when this succeeds. The image needs the program that it names.
healthcheck:
  test: wget -q -O /dev/null http://127.0.0.1/ || exit 1
  interval: 10s
  timeout: 3s
  retries: 3
  start_period: 10s

resources:
  limits:
    memory: 256m

# The new task starts before the old one ends; a version that fails is taken back.
update_config:
  order: start-first
  failure_action: rollback
`,
  },
  {
    id: "job",
    title: "Job",
    about: "Runs until it is done; again with each deploy",
    text: `name: 
image: 
mode: replicated-job
replicas: 1 # how many must complete

restart_policy:
  condition: on-failure
  max_attempts: 3
  delay: 5s
`,
  },
  {
    id: "agent",
    title: "Agent on every node",
    about: "One task on each node, and on nodes that join later",
    text: `name: 
image: 
mode: global

env:
  NODE: "{{.Node.Hostname}}"

# What the agent looks at on its node; reading is enough.
mounts:
  - /proc:/host/proc:ro

resources:
  limits:
    memory: 64m
`,
  },
];

/** Folder names may say more than names of images and services may. */
export const imageName = (project: string) =>
  project
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

/** What a project needs at least: its own image in the private registry. */
export const fromProject = (project: string) =>
  `name: ${imageName(project)}\nimage: \${REGISTRY_HOST}/${imageName(project)}:latest\nreplicas: 1\n\nbuild_context: ${project}\n`;

const named = /^(name|image):.*\n/gm;

/** The starting point that `text` still is, apart from name and image. */
export const startOf = (text: string) =>
  startingPoints.find((point) => point.text.replace(named, "") === text.replace(named, ""))?.id;

/** `point`, with the name and image that `text` has. */
export function startedFrom(point: StartingPoint, text: string): string {
  const lines = new Map([...text.matchAll(named)].map((found) => [found[1], found[0]]));
  return point.text.replace(named, (line, key: string) => lines.get(key) ?? line);
}
