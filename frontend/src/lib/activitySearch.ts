// What the addresses of activity and deployments may say, read forgivingly.
import type { AuditEntry, Deployment, DeploymentState } from "@/api/types";
import { deploymentStates } from "./status";

type Raw = Record<string, unknown>;

const text = (value: unknown) => {
  const read = typeof value === "number" ? String(value) : value;
  return typeof read === "string" && read !== "" ? read : undefined;
};

export const outcomes = ["done", "denied", "failed", "open"] as const satisfies AuditEntry["outcome"][];

export interface ActivitySearch {
  by?: string;
  action?: string;
  target?: string;
  outcome?: AuditEntry["outcome"];
  /** Only entries older than this one: a further page. */
  before?: number;
}
export function activitySearch(raw: Raw): ActivitySearch {
  const by = text(raw["by"]);
  const action = text(raw["action"]);
  const target = text(raw["target"]);
  const outcome = outcomes.find((known) => known === raw["outcome"]);
  const before = Number(raw["before"]);
  return {
    ...(by !== undefined && { by }),
    ...(action !== undefined && { action }),
    ...(target !== undefined && { target }),
    ...(outcome !== undefined && { outcome }),
    ...(Number.isInteger(before) && before > 0 && { before }),
  };
}

export const deploymentKinds = ["deploy", "scale", "restart", "rollback", "stop"] as const;
export const stateChoices = ["in-flight", "trouble", ...deploymentStates] as const;
export type StateChoice = (typeof stateChoices)[number];

export interface DeploymentsSearch {
  service?: string;
  state?: StateChoice;
  kind?: Deployment["kind"];
  by?: string;
}
export function deploymentsSearch(raw: Raw): DeploymentsSearch {
  const service = text(raw["service"]);
  const by = text(raw["by"]);
  const state = stateChoices.find((known) => known === raw["state"]);
  const kind = deploymentKinds.find((known) => known === raw["kind"]);
  return {
    ...(service !== undefined && { service }),
    ...(state !== undefined && { state }),
    ...(kind !== undefined && { kind }),
    ...(by !== undefined && { by }),
  };
}

/** The states a choice stands for. */
export function statesOf(choice: StateChoice | undefined): DeploymentState[] {
  if (choice === undefined) return [];
  if (choice === "in-flight") return ["accepted", "rolling_out"];
  if (choice === "trouble") return ["failed", "stuck", "rolled_back", "unknown"];
  return [choice];
}

export const stateWords: Record<string, string> = {
  "in-flight": "in flight",
  trouble: "went wrong",
  rolling_out: "rolling out",
  rolled_back: "rolled back",
};
