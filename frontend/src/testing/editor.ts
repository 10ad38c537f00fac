// The editor in tests: what stands in it, and typing into it as its user would.
import { EditorView } from "@codemirror/view";
import { act, screen } from "@testing-library/react";

export async function editorOf(label: string) {
  const content = await screen.findByRole("textbox", { name: label });
  const view = EditorView.findFromDOM(content);
  if (view === null) throw new Error(`${label} is no editor`);
  return {
    content,
    view,
    text: () => view.state.doc.toString(),
    write: (text: string) =>
      act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })),
  };
}
