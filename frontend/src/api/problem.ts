// What can go wrong with a call: the server's problem details, or no answer at all.
import type { Problem, ProblemField } from "./types";

export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly ProblemField[];
  /** By this number the server's log knows it. */
  readonly reference: string | null;

  constructor(
    problem: Pick<Problem, "status" | "code" | "detail"> & {
      errors?: readonly ProblemField[];
      reference?: string | null;
    },
  ) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.reference = problem.reference ?? null;
  }
}

/** Nothing came back: the server is down or the network is. */
export const noAnswer = () =>
  new ApiProblem({
    status: 0,
    code: "no_answer",
    detail:
      "The orchestrator's server does not answer. It may be restarting, or the network between is down.",
  });

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function readField(value: unknown): ProblemField | undefined {
  if (!isRecord(value)) return undefined;
  const { field, reason, line, column } = value;
  if (typeof reason !== "string") return undefined;
  return {
    field: typeof field === "string" ? field : "",
    reason,
    line: typeof line === "number" ? line : null,
    column: typeof column === "number" ? column : null,
  };
}

/** Whether the change may have been made all the same: nobody told how it ended. */
export const isAnswerLost = ({ status, code }: ApiProblem) =>
  status === 0 || code === "outcome_unknown" || (code === "unknown" && (status === 502 || status === 504));

/** Reads an error answer, whether it is problem+json or what some proxy made up. */
export function problemFrom(status: number, body: unknown): ApiProblem {
  if (isRecord(body) && typeof body["detail"] === "string") {
    const { code, detail, errors, instance } = body;
    return new ApiProblem({
      status,
      code: typeof code === "string" ? code : "unknown",
      detail,
      reference: typeof instance === "string" ? (instance.split(":").at(-1) ?? null) : null,
      errors: Array.isArray(errors) ? errors.map(readField).filter((field) => field !== undefined) : [],
    });
  }
  const detail =
    status === 502 || status === 504
      ? "Something between this page and the orchestrator answered instead of it. Is the server running?"
      : `The server answered ${status} without saying why.`;
  return new ApiProblem({ status, code: "unknown", detail });
}

/** Any thrown value as a problem that can be shown. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof TypeError) return noAnswer();
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiProblem({ status: 0, code: "page_error", detail });
}

/** A problem where there is no room for a list: what is wrong, and where. */
export function inWords({ detail, errors }: ApiProblem): string {
  const untold = errors.filter(({ reason }) => !detail.includes(reason));
  return [detail, ...untold.map(({ field, reason }) => `${field} ${reason}`.trim())].join(" ");
}
