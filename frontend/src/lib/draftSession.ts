// A definition being written, as text and as form at once; the server carries what is typed in one to the other.
import { type ApiProblem, asProblem } from "@/api/problem";
import type { ProblemField } from "@/api/types";

export type Data = Record<string, unknown>;

export interface DraftState {
  name: string;
  text: string;
  /** What the form shows; null when the text is no mapping. */
  definition: Data | null;
  errors: readonly ProblemField[];
  /** Typed and not yet answered by the server. */
  pending: "text" | "form" | null;
  /** Why the server could not be asked. */
  failure: ApiProblem | null;
}

export interface Checked {
  yaml?: string | null;
  definition?: Data | null;
  errors: ProblemField[];
}
export type Check = (
  draft: { name: string; yaml: string; definition?: Data },
  signal: AbortSignal,
) => Promise<Checked>;

const PAUSE = { text: 300, form: 200 };
/** Until a server that did not answer is asked again. */
const AGAIN = 3_000;

/** The `name:` of a text, when it has one that is plain enough to read without a parser. */
export const nameIn = (text: string) =>
  /^name:[ \t]*["']?([A-Za-z0-9][\w.-]*)["']?[ \t]*(?:#.*)?$/m.exec(text)?.[1];

export class DraftSession {
  private readonly check: Check;
  private readonly follows: boolean;
  private listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asked: AbortController | null = null;
  private answered: Promise<void> = Promise.resolve();
  private state: DraftState;

  /** With `follows`, a service that is not made yet: its text may say how it is called. */
  constructor(check: Check, name: string, text: string, follows = false) {
    this.follows = follows;
    this.check = check;
    this.state = { name, text, definition: null, errors: [], pending: "text", failure: null };
    this.answered = this.ask();
  }

  readonly read = () => this.state;

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly writeText = (text: string) => {
    if (text === this.state.text) return;
    const { name } = this.state;
    const said = nameIn(text);
    const follows = this.follows && said !== undefined && (name === "" || name === nameIn(this.state.text));
    this.change({ text, pending: "text", ...(follows && { name: said }) });
    this.soon(PAUSE.text);
  };

  /** Of a service that is not made yet: the text goes along. */
  readonly rename = (name: string) => {
    const { text, definition, pending } = this.state;
    const line = `name: ${/^[A-Za-z][\w.-]*$/.test(name) || name === "" ? name : JSON.stringify(name)}`;
    const inForm = pending !== "text" && definition !== null;
    this.change({
      name,
      text: text.replace(/^name:.*$/m, () => line),
      definition: definition === null ? null : { ...definition, name },
      pending: inForm ? "form" : "text",
    });
    this.soon(PAUSE.form);
  };

  readonly writeForm = (definition: Data) => {
    // What the form would change is a picture of an older text until the server has read the newer one.
    if (this.state.pending === "text") return;
    this.change({ definition, pending: "form" });
    this.soon(PAUSE.form);
  };

  /** The server's reasons for refusing to save are shown at their places like all others. */
  readonly refused = (errors: readonly ProblemField[]) => this.change({ errors });

  /** Until text and form say the same; false when the server could not be asked. */
  readonly settle = async (): Promise<boolean> => {
    if (this.timer !== undefined || (this.state.pending !== null && this.state.failure !== null)) {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.answered = this.ask();
    }
    await this.answered;
    return this.state.pending === null;
  };

  private soon(pause: number) {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.answered = this.ask();
    }, pause);
  }

  private async ask(): Promise<void> {
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const { name, text, definition, pending } = this.state;
    const form = pending === "form" && definition !== null ? definition : undefined;
    try {
      const answer = await this.check(
        { name, yaml: text, ...(form !== undefined && { definition: form }) },
        asked.signal,
      );
      if (asked.signal.aborted) return;
      this.change({
        ...(form === undefined ? { definition: answer.definition ?? null } : { text: answer.yaml ?? text }),
        errors: answer.errors,
        pending: null,
        failure: null,
      });
    } catch (error) {
      if (asked.signal.aborted) return;
      const failure = asProblem(error);
      if (failure.code === "no_answer") this.soon(AGAIN);
      this.change({ failure });
    }
  }

  private change(part: Partial<DraftState>) {
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}
