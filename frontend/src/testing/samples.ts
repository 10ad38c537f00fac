// Plausible answers of the API for tests; each test says only what it is about.
import type {
  Changed,
  Deployment,
  HealthReport,
  LiveEvents,
  Node,
  Service,
  ServiceDetail,
  Session,
  Task,
  TimelineEntry,
} from "@/api/types";

export const service = (change: Partial<Service> & { name: string }): Service => ({
  in_catalog: true,
  live: true,
  id: "s1",
  status: "running",
  reason: null,
  message: null,
  mode: "replicated",
  desired: 1,
  running: 1,
  completed: 0,
  image: "10.0.0.5:5000/app:1",
  digest: `sha256:${"ab".repeat(32)}`,
  ports: [],
  nodes: [],
  stack: null,
  revision: 1,
  deployed_revision: 1,
  drift: false,
  drift_paths: [],
  problem: null,
  updated_at: "2026-01-02T03:04:05Z",
  ...change,
});

export const serviceDetail = (change: Partial<ServiceDetail> & { name: string }): ServiceDetail => ({
  ...service(change),
  definition: { image: "app:1" },
  yaml: `name: ${change.name}\nimage: app:1\n`,
  tasks: [],
  ...change,
});

export const task = (change: Partial<Task>): Task => ({
  id: "t1",
  name: "web.1",
  slot: 1,
  node_id: "n1",
  node: "manager-1",
  node_live: true,
  state: "running",
  desired_state: "running",
  up_to_date: true,
  message: "started",
  error: "",
  exit_code: null,
  image: "app:1",
  created_at: "2026-01-02T03:04:05Z",
  state_changed_at: "2026-01-02T03:04:05Z",
  ...change,
});

export const node = (change: Partial<Node>): Node => ({
  id: "n1",
  hostname: "manager-1",
  role: "manager",
  leader: true,
  reachability: "reachable",
  state: "ready",
  state_message: "",
  availability: "active",
  address: "10.0.0.5",
  engine_version: "26.1.5",
  os: "linux",
  architecture: "amd64",
  labels: {},
  resources: {
    cpus: 4,
    cpus_reserved: 1,
    cpus_free: 3,
    memory_bytes: 8 * 1024 ** 3,
    memory_reserved: 2 * 1024 ** 3,
    memory_free: 6 * 1024 ** 3,
    generic: {},
    generic_reserved: {},
  },
  tasks_running: 0,
  created_at: "2026-01-02T03:04:05Z",
  updated_at: "2026-01-02T03:04:05Z",
  ...change,
});

export const health = (change: Partial<HealthReport> = {}): HealthReport => ({
  status: "ok",
  version: "0.1.0",
  engine: {
    connected: true,
    code: null,
    detail: null,
    host: "unix:///var/run/docker.sock",
    engine_version: "26.1.5",
    api_version: "1.45",
    cluster_id: "c1",
  },
  as_of: "2026-01-02T03:04:05Z",
  stale_seconds: 0.4,
  managers: 1,
  managers_reachable: 1,
  quorum_margin: 0,
  nodes: [node({})],
  services: {},
  problems: [],
  ...change,
});

export const deployment = (change: Partial<Deployment> = {}): Deployment => ({
  id: "d1",
  service: "web",
  kind: "deploy",
  state: "accepted",
  cause: null,
  actor: "admin",
  from_revision: null,
  to_revision: 1,
  from_digest: null,
  to_digest: null,
  image: "app:1",
  replicas: 1,
  changes: ["service"],
  restarts_tasks: true,
  warnings: [],
  restores_revision: null,
  phases: [],
  evidence: [],
  created_at: "2026-01-02T03:04:05Z",
  sent_at: null,
  finished_at: null,
  ...change,
});

export const signedIn: Session = { state: "signed_in", username: "admin", secure: true, version: "0.1.0" };

export const listing = <T>(items: T[]) => ({ items, total: items.length });
export const liveListing = <T>(items: T[]) => ({
  ...listing(items),
  as_of: "2026-01-02T03:04:05Z",
  stale_seconds: 0.4,
});

export const hello = (change: Partial<LiveEvents["hello"]> = {}): LiveEvents["hello"] => ({
  boot: "b1",
  version: "0.1.0",
  as_of: "2026-01-02T03:04:05Z",
  stale_seconds: 0.4,
  engine: { connected: true, code: null, detail: null, as_of: "2026-01-02T03:04:05Z" },
  ...change,
});

/** As the server tells it: all names, and the services themselves unless they are too many. */
export const changed = (change: Partial<Changed>): Changed => ({
  services: [],
  names: (change.services ?? []).map(({ name }) => name),
  removed: [],
  nodes: [],
  removed_nodes: [],
  as_of: "2026-01-02T03:04:06Z",
  ...change,
});

export const happening = (change: Partial<TimelineEntry>): TimelineEntry => ({
  id: 1,
  at: "2026-01-02T03:04:05Z",
  kind: "task",
  service: "web",
  node: "manager-1",
  task: "web.1",
  severity: "info",
  text: "task web.1: starting → running",
  ...change,
});
