// Two texts as one with marks of what went and what came; with `onChange`, the newer one can be edited.
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useLayoutEffect, useRef } from "react";
import { reading, readOnly, writing } from "./extensions";
import { adoptSheets } from "./styles";

interface Props {
  label: string;
  before: string;
  after: string;
  onChange?: (text: string) => void;
}

export default function DiffView({ label, before, after, onChange }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const tell = useRef(onChange);
  tell.current = onChange;
  const first = useRef(after);
  const editable = onChange !== undefined;
  const shown = editable ? first.current : after;
  useLayoutEffect(() => {
    if (host.current === null) return;
    adoptSheets();
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: shown,
        extensions: [
          reading,
          editable ? writing : readOnly,
          unifiedMergeView({
            original: before,
            mergeControls: editable,
            collapseUnchanged: { margin: 3, minSize: 6 },
          }),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    return () => editor.destroy();
  }, [before, shown, editable, label]);
  return <div ref={host} className="code-editor" />;
}
