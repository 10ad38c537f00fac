// What the editor is made of: keys, completion, marks of problems.
import { acceptCompletion, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import type { PlacedError } from "@/lib/yamlText";
import { complete, hints } from "./completion";
import { keepClear } from "./covered";
import { theme } from "./theme";

/** What every view of a definition has, also one that is only read. */
export const reading: Extension = [
  lineNumbers(),
  highlightSpecialChars(),
  yaml(),
  search({ top: true }),
  keymap.of(searchKeymap),
  theme,
];

export const readOnly: Extension = [
  EditorState.readOnly.of(true),
  EditorView.editable.of(false),
  // What cannot be edited gets no focus by itself, and must be scrolled by keyboard all the same.
  EditorView.contentAttributes.of({ tabindex: "0", "aria-readonly": "true" }),
];

export const writing: Extension = [
  lintGutter(),
  history(),
  drawSelection(),
  indentUnit.of("  "),
  indentOnInput(),
  bracketMatching(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  autocompletion({ override: [complete], icons: false, maxRenderedOptions: 80 }),
  hints,
  keepClear,
  keymap.of([
    { key: "Tab", run: acceptCompletion },
    ...completionKeymap,
    ...lintKeymap,
    ...historyKeymap,
    ...defaultKeymap,
    // Escape, then Tab, leaves the editor: CodeMirror lets the next Tab through.
    indentWithTab,
  ]),
  EditorView.contentAttributes.of({ autocapitalize: "none", autocorrect: "off", spellcheck: "false" }),
];

/** From the place that the server names to the end of what is written there. */
export function marksOf(doc: Text, problems: readonly PlacedError[]): Diagnostic[] {
  return problems.flatMap(({ line, column, field, reason }) => {
    if (line === null || line < 1 || line > doc.lines) return [];
    const row = doc.line(line);
    const from = Math.min(row.to, row.from + Math.max(0, (column ?? 1) - 1));
    const rest = /^[^#\n]*[^#\s]/.exec(doc.sliceString(from, row.to))?.[0].length ?? 0;
    const message = field === "" || field === "yaml" ? reason : `${field}: ${reason}`;
    return [{ from, to: from + rest, severity: "error" as const, message }];
  });
}
