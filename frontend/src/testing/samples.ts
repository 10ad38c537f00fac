// Plausible answers of the API for tests; each test says only what it is about.
import type { MapTask } from "@/api/nodes";
import type {
  Approval,
  AttentionItem,
  AuditEntry,
  Backup,
  Build,
  Changed,
  Deployment,
  HealthReport,
  LiveEvents,
  Node,
  Project,
  Registry,
  Repository,
  Service,
  ServiceDetail,
  Session,
  SignIn,
  Tag,
  Task,
  TimelineEntry,
  Token,
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
  networks: [],
  nodes: [],
  stack: null,
  revision: 1,
  deployed_revision: 1,
  drift: false,
  drift_paths: [],
  problem: null,
  updated_at: "2026-01-02T03:04:05Z",
  build: null,
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
  manager_address: null,
  trust_root: "ready",
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
  state: { last_backup_at: null, backup_problem: null, replication: { enabled: false } },
  nodes: [node({})],
  services: {},
  problems: [],
  attention: [],
  ...change,
});

export const backup = (change: Partial<Backup> = {}): Backup => ({
  name: "orchestrator-20260102T030405Z-manual.zip",
  bytes: 12_345,
  created_at: "2026-01-02T03:04:05Z",
  reason: "manual",
  version: "0.1.0",
  definitions: 3,
  has_key: false,
  problem: null,
  ...change,
});

export const attention = (change: Partial<AttentionItem> = {}): AttentionItem => ({
  kind: "service",
  severity: "bad",
  service: "web",
  node: null,
  node_id: null,
  registry: null,
  status: "failed",
  reason: "non_zero_exit",
  running: 0,
  desired: 1,
  sentence: "web is failed (0 of 1 running): Exited with code 3 on worker-1.",
  since: "2026-01-02T03:04:05Z",
  cause: "Exited with code 3 on worker-1.",
  evidence: ["web.1: Exited with code 3 on worker-1. (3 times)"],
  deployment: "d1",
  ...change,
});

export const auditEntry = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  id: 7,
  at: "2026-01-02T03:04:05Z",
  closed_at: "2026-01-02T03:04:06Z",
  actor_kind: "user",
  actor: "admin",
  address: "127.0.0.1",
  client: "",
  action: "service.deploy",
  target: "web",
  outcome: "done",
  code: "",
  detail: "",
  ...change,
});

export const approval = (change: Partial<Approval> = {}): Approval => ({
  id: "apr_1",
  state: "pending",
  actor_kind: "token",
  actor: "helper",
  client: "claude-code 2.1",
  action: "service.stop",
  target: "web",
  arguments: { name: "web" },
  reason: "it takes the service out of the swarm: its tasks end",
  effect: "2 running tasks of web end",
  created_at: "2026-01-02T03:04:05Z",
  expires_at: "2026-01-02T04:04:05Z",
  seconds_left: 3_000,
  decided_by: null,
  decided_at: null,
  used_at: null,
  ...change,
});

export const token = (change: Partial<Token> = {}): Token => ({
  id: "t1",
  name: "laptop",
  scope: "operate",
  confirm: false,
  created_by: "admin",
  created_at: "2026-01-02T03:04:05Z",
  expires_at: null,
  last_used_at: null,
  ...change,
});

export const signIn = (change: Partial<SignIn> = {}): SignIn => ({
  id: "s1",
  username: "admin",
  address: "127.0.0.1",
  created_at: "2026-01-02T03:04:05Z",
  last_seen_at: "2026-01-02T03:04:05Z",
  expires_at: "2026-02-02T03:04:05Z",
  current: true,
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
  build_id: null,
  created_at: "2026-01-02T03:04:05Z",
  sent_at: null,
  finished_at: null,
  ...change,
});

export const registry = (change: Partial<Registry>): Registry => ({
  host: "10.0.0.5:5000",
  url: "http://10.0.0.5:5000",
  is_default: true,
  source: "environment",
  credentials_source: null,
  username: null,
  has_password: false,
  insecure: true,
  problem: null,
  ...change,
});

export const repository = (change: Partial<Repository> & { name: string }): Repository => ({
  registry: "10.0.0.5:5000",
  image: `10.0.0.5:5000/${change.name}`,
  tags: 1,
  used_by: [],
  ...change,
});

export const tag = (change: Partial<Tag> & { name: string }): Tag => ({
  digest: `sha256:${"cd".repeat(32)}`,
  media_type: "application/vnd.oci.image.manifest.v1+json",
  size: 5 * 1024 ** 2,
  platforms: [
    {
      os: "linux",
      architecture: "amd64",
      variant: null,
      digest: `sha256:${"cd".repeat(32)}`,
      size: 5_242_880,
    },
  ],
  layers: [{ digest: `sha256:${"01".repeat(32)}`, size: 4 * 1024 ** 2 }],
  created: "2026-01-02T03:04:05Z",
  labels: {},
  used_by: [],
  newer_than_deployed: false,
  problem: null,
  ...change,
});

export const project = (change: Partial<Project> & { name: string }): Project => ({
  path: change.name,
  dockerfiles: ["Dockerfile"],
  git: null,
  size: 2_048,
  files: 3,
  truncated: false,
  last_build: null,
  services: [],
  problem: null,
  ...change,
});

export const build = (change: Partial<Build> = {}): Build => ({
  id: "b1",
  service: "web",
  project: "web",
  image: "10.0.0.5:5000/web:latest",
  tag: "10.0.0.5:5000/web:build-b1",
  state: "building",
  cause: null,
  digest: null,
  platforms: [],
  dockerfile: "Dockerfile",
  target: null,
  actor: "admin",
  position: null,
  context_bytes: 2_048,
  context_files: 3,
  warnings: [],
  phases: [
    { phase: "queued", at: "2026-01-02T03:04:05Z" },
    { phase: "building", at: "2026-01-02T03:04:06Z" },
  ],
  steps: [],
  deploy: false,
  deployment_id: null,
  can_push: false,
  created_at: "2026-01-02T03:04:05Z",
  started_at: "2026-01-02T03:04:06Z",
  finished_at: null,
  ...change,
});

export const registryListing = <T>(items: T[]) => ({ ...listing(items), as_of: "2026-01-02T03:04:05Z" });

export const projectListing = (items: Project[]) => ({ ...listing(items), hint: null });

export const signedIn: Session = {
  state: "signed_in",
  username: "admin",
  permissions: ["read", "operate", "edit", "build", "admin"],
  confirm: false,
  secure: true,
  version: "0.1.0",
};

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

export const mapTask = (name: string, change: Partial<MapTask> = {}): MapTask => ({
  id: name,
  name,
  service: name.replace(/\.[^.]*$/, ""),
  node_id: "n1",
  state: "running",
  stopping: false,
  error: "",
  exit_code: null,
  image: "app:1",
  state_changed_at: "2026-01-02T03:04:05Z",
  ...change,
});
