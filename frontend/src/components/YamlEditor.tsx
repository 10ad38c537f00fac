// A definition's text: an editor that is loaded when it is first shown, with the problems listed below it.
import { clsx } from "clsx";
import { Suspense, useId, useMemo, useRef } from "react";
import type { ProblemField } from "@/api/types";
import { later } from "@/lib/later";
import { placeErrors } from "@/lib/yamlText";
import type { EditorHandle } from "./editor/CodeEditor";
import type { Known } from "./editor/completion";
import { Said } from "./Said";

const CodeEditor = later(() => import("./editor/CodeEditor"));

interface YamlEditorProps {
  label: string;
  value: string;
  onChange?: (text: string) => void;
  errors?: readonly ProblemField[];
  known?: Known | undefined;
}

const none: readonly ProblemField[] = [];
const nothing = () => {};

export function YamlEditor({ label, value, onChange, errors = none, known }: YamlEditorProps) {
  const handle = useRef<EditorHandle>(null);
  const id = useId();
  const placed = useMemo(() => placeErrors(value, errors), [value, errors]);
  const problems = placed.length > 0;
  return (
    <div className="min-w-0">
      <div
        className={clsx(
          "overflow-hidden rounded-lg border bg-surface",
          "focus-within:outline-2 focus-within:outline-accent focus-within:-outline-offset-1",
          problems ? "border-bad" : "border-line-strong",
        )}
      >
        <Suspense fallback={<Waiting>{value}</Waiting>}>
          <CodeEditor
            label={label}
            describedBy={problems ? `${id}-problems ${id}-keys` : `${id}-keys`}
            value={value}
            onChange={onChange ?? nothing}
            problems={placed}
            readOnly={onChange === undefined}
            known={known}
            handle={handle}
          />
        </Suspense>
      </div>
      {onChange !== undefined && (
        <p id={`${id}-keys`} className="mt-1.5 text-ink-3 text-xs max-sm:hidden">
          <kbd>Ctrl</kbd> <kbd>Space</kbd> completes, <kbd>Ctrl</kbd> <kbd>F</kbd> finds. <kbd>Tab</kbd>{" "}
          indents; <kbd>Esc</kbd>, then <kbd>Tab</kbd>, leaves the editor.
        </p>
      )}
      {problems && (
        <ul
          id={`${id}-problems`}
          aria-label="Problems in the text"
          aria-live="polite"
          className="mt-2 flex flex-col gap-1 text-bad-ink text-sm"
        >
          {placed.map(({ line, column, field, reason }) => (
            <li key={`${line} ${field} ${reason}`} className="flex gap-2 [overflow-wrap:anywhere]">
              {line !== null && (
                <button
                  type="button"
                  onClick={() => handle.current?.goTo(line, column)}
                  className="num h-fit shrink-0 rounded bg-bad-soft px-1.5 font-semibold text-xs leading-5 hover:underline"
                >
                  Line {line}
                </button>
              )}
              <span>
                {field !== "" && field !== "yaml" && <code className="mr-1 font-mono text-xs">{field}</code>}
                <Said>{reason}</Said>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The text itself, in the place where the editor will have it. */
function Waiting({ children }: { children: string }) {
  return (
    <pre
      aria-hidden
      className="min-h-[21.5rem] overflow-hidden py-2.5 pl-[62px] font-mono text-[13px] leading-[1.6]"
    >
      {children}
    </pre>
  );
}
