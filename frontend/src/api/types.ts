// Names for the generated shapes, so that no other file reaches into the document.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Problem = Schemas["Problem"];
export type ProblemField = Schemas["ProblemField"];

export type Session = Schemas["SessionOut"];
export type Token = Schemas["TokenOut"];
export type TokenCreated = Schemas["TokenCreated"];

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

export type Revision = Schemas["RevisionOut"];
export type TimelineEntry = Schemas["TimelineEntry"];

/** The data of each kind of event of the live stream. */
export interface LiveEvents {
  hello: Schemas["HelloEvent"];
  changed: Schemas["ChangedEvent"];
  deployment: Deployment;
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
