// CodeMirror in React: the text and its problems go in, changes come out.
import { setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import type { PlacedError } from "@/lib/yamlText";
import { type Known, known as knownFacet } from "./completion";
import { marksOf, reading, readOnly as readOnlyExtension, writing } from "./extensions";
import { adoptSheets } from "./styles";

const fromOutside = Annotation.define<boolean>();

export interface EditorHandle {
  goTo: (line: number, column: number | null) => void;
}

export interface CodeEditorProps {
  label: string;
  describedBy: string;
  value: string;
  onChange: (text: string) => void;
  problems: readonly PlacedError[];
  readOnly: boolean;
  known: Known | undefined;
  handle: React.Ref<EditorHandle>;
}

const attributes = (props: CodeEditorProps): Extension =>
  EditorView.contentAttributes.of({
    "aria-label": props.label,
    "aria-describedby": props.describedBy,
    ...(props.problems.length > 0 && { "aria-invalid": "true" }),
  });

/** Only what differs, so that the caret stays where it is. */
function difference(old: string, next: string) {
  let from = 0;
  const most = Math.min(old.length, next.length);
  while (from < most && old[from] === next[from]) from += 1;
  let back = 0;
  while (back < most - from && old[old.length - 1 - back] === next[next.length - 1 - back]) back += 1;
  return { from, to: old.length - back, insert: next.slice(from, next.length - back) };
}

export default function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const parts = useRef({ attributes: new Compartment(), known: new Compartment() });
  const now = useRef(props);
  now.current = props;

  useLayoutEffect(() => {
    if (host.current === null) return;
    adoptSheets();
    const { label: _label, value, readOnly } = now.current;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          reading,
          readOnly ? readOnlyExtension : writing,
          parts.current.attributes.of(attributes(now.current)),
          parts.current.known.of(now.current.known === undefined ? [] : knownFacet.of(now.current.known)),
          EditorView.updateListener.of((update) => {
            const outside = update.transactions.some((one) => one.annotation(fromOutside));
            if (update.docChanged && !outside) now.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  const { value, problems, known, label, describedBy } = props;
  useEffect(() => {
    const editor = view.current;
    if (editor === null) return;
    const old = editor.state.doc.toString();
    if (old !== value)
      editor.dispatch({ changes: difference(old, value), annotations: fromOutside.of(true) });
    editor.dispatch(setDiagnostics(editor.state, marksOf(editor.state.doc, problems)));
  }, [value, problems]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `now` holds them
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.attributes.reconfigure(attributes(now.current)) });
  }, [label, describedBy, problems]);
  useEffect(() => {
    view.current?.dispatch({
      effects: parts.current.known.reconfigure(known === undefined ? [] : knownFacet.of(known)),
    });
  }, [known]);

  useImperativeHandle(props.handle, () => ({
    goTo: (line, column) => {
      const editor = view.current;
      if (editor === null) return;
      const row = editor.state.doc.line(Math.min(Math.max(1, line), editor.state.doc.lines));
      const at = Math.min(row.to, row.from + Math.max(0, (column ?? 1) - 1));
      editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      editor.focus();
    },
  }));
  return <div ref={host} className="code-editor" />;
}
