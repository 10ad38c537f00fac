// A plain text area with line numbers; the server's errors are marked at their lines.
import { clsx } from "clsx";
import { type KeyboardEvent, useId, useMemo, useRef } from "react";
import type { ProblemField } from "@/api/types";
import { offsetOf, placeErrors } from "@/lib/yamlText";
import { Said } from "./Said";

interface YamlEditorProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
  errors?: readonly ProblemField[];
  readOnly?: boolean;
  minLines?: number;
}

const none: readonly ProblemField[] = [];

export function YamlEditor({
  label,
  value,
  onChange,
  errors = none,
  readOnly = false,
  minLines = 16,
}: YamlEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const placed = useMemo(() => placeErrors(value, errors), [value, errors]);
  const lines = Math.max(minLines, value.split("\n").length + 1);
  const marked = new Set(placed.map((error) => error.line));

  const goTo = (line: number, column: number | null) => {
    const offset = offsetOf(value, line, column);
    area.current?.focus();
    area.current?.setSelectionRange(offset, offset);
  };
  const keepIndent = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (
      event.key !== "Enter" ||
      event.shiftKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.nativeEvent.isComposing
    )
      return;
    const { selectionStart } = event.currentTarget;
    const row = value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
    const indent = /^ */.exec(row)?.[0] ?? "";
    if (indent === "") return;
    event.preventDefault();
    // Deprecated, yet the only way to insert that the browser's undo knows about.
    document.execCommand("insertText", false, `\n${indent}`);
  };
  return (
    <div>
      <div
        className={clsx(
          "flex overflow-hidden rounded-lg border bg-surface font-mono text-[13px] leading-[1.6]",
          "focus-within:outline-2 focus-within:outline-accent focus-within:-outline-offset-1",
          placed.length > 0 ? "border-bad" : "border-line-strong",
        )}
      >
        <div
          aria-hidden
          className="num select-none border-line border-r bg-bg py-2.5 text-right text-ink-3 text-xs"
        >
          {Array.from({ length: lines }, (_, index) => (
            <div
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              key={index}
              className={clsx(
                "h-[20.8px] pr-2 pl-3 leading-[20.8px]",
                marked.has(index + 1) && "bg-bad-soft font-bold text-bad-ink",
              )}
            >
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label={label}
          aria-invalid={placed.length > 0 || undefined}
          aria-describedby={placed.length > 0 ? id : undefined}
          value={value}
          readOnly={readOnly}
          rows={lines}
          wrap="off"
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={keepIndent}
          className="min-w-0 flex-1 resize-none overflow-x-auto overflow-y-hidden whitespace-pre bg-transparent px-3 py-2.5 leading-[20.8px] outline-none"
        />
      </div>
      {placed.length > 0 && (
        <div id={id} role="alert">
          <ul className="mt-2 flex flex-col gap-1 text-bad-ink text-sm">
            {placed.map(({ line, column, field, reason }) => (
              <li key={`${line} ${field} ${reason}`} className="flex gap-2 [overflow-wrap:anywhere]">
                {line !== null && (
                  <button
                    type="button"
                    onClick={() => goTo(line, column)}
                    className="num h-fit shrink-0 rounded bg-bad-soft px-1.5 font-semibold text-xs leading-5 hover:underline"
                  >
                    Line {line}
                  </button>
                )}
                <span>
                  {line === null && field !== "" && <code className="mr-1 font-mono text-xs">{field}</code>}
                  <Said>{reason}</Said>
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
