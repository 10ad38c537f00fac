// The editor in the page's own colours: its default theme fails in contrast, and knows one of our themes only.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const code = "var(--font-mono, 'JetBrains Mono Variable', ui-monospace, monospace)";

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: code, lineHeight: "1.6", overflow: "auto", fontVariantLigatures: "none" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--ink)", outline: "none" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": {
    color: "var(--ink-3)",
    backgroundColor: "var(--bg)",
    borderRight: "1px solid var(--line)",
    fontVariantNumeric: "tabular-nums",
    fontSize: "12px",
  },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 8px 0 6px", minWidth: "30px" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": {
    backgroundColor: "color-mix(in srgb, var(--accent-soft) 45%, transparent)",
  },
  ".cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--ink)", backgroundColor: "var(--accent-soft)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--wait-soft)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--accent-soft)",
    outline: "1px solid var(--accent)",
  },
  ".cm-searchMatch": { backgroundColor: "var(--wait-soft)", outline: "1px solid var(--wait)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textDecorationSkipInk: "none",
    textUnderlineOffset: "3px",
  },
  ".cm-gutter-lint": { width: "14px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0" },
  ".cm-lint-marker": { width: "8px", height: "8px", margin: "6px 3px", borderRadius: "50%" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--bad)" },
  ".cm-foldGutter .cm-gutterElement": { padding: "0 2px", cursor: "pointer" },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line-strong)",
    borderRadius: "8px",
    boxShadow: "0 8px 24px rgb(0 0 0 / 0.18)",
    overflow: "hidden",
    zIndex: "30",
  },
  ".cm-tooltip-lint": { fontFamily: "var(--font-sans)" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "min(30rem, 80vw)", overflowWrap: "anywhere" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: code, fontSize: "12.5px", maxHeight: "15em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 10px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected], .cm-tooltip-autocomplete ul li[aria-selected]": {
    color: "var(--ink)",
    background: "var(--accent-soft)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-completionDetail": { color: "var(--ink-3)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-tooltip.cm-completionInfo": {
    fontFamily: "var(--font-sans)",
    padding: "8px 12px",
    maxWidth: "20rem",
    lineHeight: "1.45",
  },
  ".cm-hover-doc": {
    fontFamily: "var(--font-sans)",
    padding: "8px 12px",
    maxWidth: "min(26rem, 80vw)",
    lineHeight: "1.45",
  },
  ".cm-hover-doc code": { fontFamily: code, fontWeight: "600", color: "var(--accent)" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--bg)", fontFamily: "var(--font-sans)" },
  ".cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 32px 8px 10px", fontSize: "13px" },
  ".cm-panel.cm-search label": { fontSize: "12px", color: "var(--ink-2)" },
  ".cm-textfield": {
    color: "var(--ink)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "3px 8px",
    fontSize: "13px",
  },
  ".cm-button": {
    color: "var(--ink)",
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "6px",
    padding: "3px 10px",
    fontSize: "12px",
  },
  ".cm-panel.cm-search [name=close]": { color: "var(--ink-2)", fontSize: "18px", padding: "0 8px" },
  ".cm-insertedLine, .cm-changedLine": { backgroundColor: "var(--ok-soft) !important" },
  ".cm-changedText": {
    background: "color-mix(in srgb, var(--ok) 28%, transparent) !important",
  },
  ".cm-deletedChunk": { backgroundColor: "var(--bad-soft)", paddingLeft: "6px" },
  ".cm-deletedChunk .cm-deletedText": {
    background: "color-mix(in srgb, var(--bad) 24%, transparent) !important",
    textDecoration: "none",
  },
  ".cm-deletedLine": { textDecoration: "none" },
  ".cm-changedLineGutter": { backgroundColor: "var(--ok)" },
  ".cm-deletedLineGutter": { backgroundColor: "var(--bad)" },
  ".cm-collapsedLines": {
    color: "var(--ink-3)",
    background: "var(--sunken)",
    padding: "3px 12px",
    fontFamily: "var(--font-sans)",
    fontSize: "12px",
    // The library's marks are in none of our fonts.
    "&:before, &:after": { content: '"…"' },
  },
  ".cm-deletedChunk .cm-chunkButtons": { insetInlineEnd: "8px", top: "2px" },
  ".cm-chunkButtons button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "5px",
    padding: "0 8px",
    margin: "0 0 0 4px",
    fontFamily: "var(--font-sans)",
    fontSize: "12px",
    lineHeight: "1.5",
    color: "var(--ink)",
    backgroundColor: "var(--surface)",
  },
  ".cm-chunkButtons button[name=accept], .cm-chunkButtons button[name=reject]": {
    color: "var(--ink)",
    background: "var(--surface)",
  },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)", fontWeight: "500" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: tags.string, color: "var(--move-ink)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-3)" },
  { tag: tags.invalid, color: "var(--bad-ink)" },
]);

export const theme: Extension = [look, syntaxHighlighting(colours)];
