// Names for the generated shapes, so that no other file reaches into the document.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type ProblemField = Schemas["ProblemField"];

export type Session = Schemas["SessionOut"];
export type SignIn = Schemas["SignInOut"];
export type Backup = Schemas["BackupOut"];
export type StateHealth = Schemas["StateHealth"];
export type AuditEntry = Schemas["AuditEntry"];
export type Token = Schemas["TokenOut"];
export type TokenCreated = Schemas["TokenCreated"];
export type NewToken = Schemas["TokenCreate"];
export type TokenScope = NonNullable<NewToken["scope"]>;
export type Approval = Schemas["ApprovalOut"];

export type Service = Schemas["ServiceOut"];
export type ServiceDetail = Schemas["ServiceDetail"];
export type ServiceStatus = Service["status"];
export type StatusReason = NonNullable<Service["reason"]>;
export type Port = Schemas["PortOut"];
export type Task = Schemas["TaskOut"];
export type LogEntry = Schemas["LogEntry"];
export type LogPage = Schemas["LogPage"];

export type Deployment = Schemas["DeploymentOut"];
export type DeploymentState = Deployment["state"];

export type Node = Schemas["NodeOut"];
export type NodeDetail = Schemas["NodeDetail"];
export type MovingService = Schemas["MovingService"];
export type HealthReport = Schemas["HealthReport"];
export type AttentionItem = Schemas["AttentionOut"];

export type Registry = Schemas["RegistryInfo"];
export type Repository = Schemas["RepositoryOut"];
export type Tag = Schemas["TagOut"];
export type TagUse = Schemas["ImageUser"];
export type TagPlatform = Schemas["PlatformOut"];

export type Build = Schemas["BuildOut"];
export type BuildState = Build["state"];
export type BuildPhase = Build["phases"][number]["phase"];
export type BuildSummary = Schemas["BuildBrief"];
export type BuildStep = Schemas["BuildStepOut"];
export type BuildLine = Schemas["BuildLineOut"];
/** Which builds of all; what is not said may be any. */
export interface BuildFilter {
  service?: string;
  project?: string;
  state?: BuildState;
}
export type Project = Schemas["ProjectOut"];

export type Revision = Schemas["RevisionOut"];
export type TimelineEntry = Schemas["TimelineEntry"];

/** The data of each kind of event of the live stream. */
export interface LiveEvents {
  hello: Schemas["HelloEvent"];
  changed: Schemas["ChangedEvent"];
  deployment: Deployment;
  build: Build;
  registry: Schemas["RegistryEvent"];
  approval: Schemas["ApprovalEvent"];
  timeline: Schemas["TimelineEvent"];
  engine: Schemas["EngineEvent"];
  seen: Schemas["SeenEvent"];
  resync: Record<string, never>;
}
export type Changed = LiveEvents["changed"];

/** The data of each kind of event of a log stream. */
export interface LogEvents {
  line: Schemas["LogLines"];
  state: Schemas["LogState"];
  dropped: Schemas["LogsDropped"];
}

/** The data of each kind of event of a build's log stream. */
export interface BuildLogEvents {
  line: Schemas["BuildLines"];
  step: BuildStep;
  state: Build;
}
