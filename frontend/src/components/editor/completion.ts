// Completion and hints from the schema of definitions, and from what the cluster has.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { startCompletion } from "@codemirror/autocomplete";
import { Facet } from "@codemirror/state";
import { type EditorView, hoverTooltip } from "@codemirror/view";
import { type JsonSchema, type KnownKey, keysAt, meaningOf, valuesAt } from "@/lib/jsonSchema";
import { keyAt, type Place, placeAt } from "@/lib/yamlPlace";

export interface Known {
  schema: JsonSchema | undefined;
  /** Names that fit at a path, such as images of the registry. */
  names: (path: readonly string[], word: string) => readonly { label: string; detail?: string }[];
}

export const known = Facet.define<Known, Known>({
  combine: (given) => given[0] ?? { schema: undefined, names: () => [] },
});

function insert(text: string, more: boolean) {
  return (view: EditorView, _completion: Completion, from: number, to: number) => {
    view.dispatch({
      changes: { from, to, insert: text },
      selection: { anchor: from + text.length },
      userEvent: "input.complete",
    });
    if (more) startCompletion(view);
  };
}

function keyOption(key: KnownKey, place: Place, inFlow: boolean, schema: JsonSchema): Completion {
  const inner = `\n${" ".repeat(place.column + 2)}`;
  const below = key.holds === "mapping" ? inner : key.holds === "list" ? `${inner}- ` : " ";
  const more = key.holds !== "value" || valuesAt(schema, [...place.path, key.key]).length > 0;
  return {
    label: key.key,
    type: "property",
    ...(key.required && { detail: "needed", boost: 1 }),
    ...(key.description !== "" && { info: key.description }),
    apply: insert(`${key.key}:${inFlow ? " " : below}`, more),
  };
}

export function complete(context: CompletionContext): CompletionResult | null {
  const { schema, names } = context.state.facet(known);
  if (schema === undefined) return null;
  const text = context.state.doc.toString();
  const place = placeAt(text, context.pos);
  if (place === null) return null;
  const { kind, path, word } = place;
  if (!context.explicit && word === "" && kind === "key") return null;
  const line = context.state.doc.lineAt(context.pos);
  const inFlow = /[{[]/.test(line.text.slice(0, context.pos - line.from));
  const options: Completion[] = [];
  if (kind !== "value")
    for (const key of keysAt(schema, path))
      if (!place.siblings.has(key.key)) options.push(keyOption(key, place, inFlow, schema));
  if (kind !== "key") {
    for (const { label, detail } of names(path, word))
      options.push({ label, type: "text", boost: 2, ...(detail !== undefined && { detail }) });
    for (const { value, closed, isDefault } of valuesAt(schema, path))
      options.push({
        label: value,
        type: closed ? "enum" : "text",
        boost: closed ? 1 : -1,
        ...(isDefault ? { detail: "default" } : !closed && { detail: "for example" }),
      });
  }
  // A list that is written below its key begins with a dash.
  if (kind === "key" && word === "" && options.length === 0)
    for (const { value } of valuesAt(schema, [...path, "*"]))
      options.push({ label: `- ${value}`, type: "text" });
  if (options.length === 0) return null;
  return { from: context.pos - word.length, options, validFor: /^[\w./${}"' =!:-]*$/ };
}

export const hints = hoverTooltip((view, offset) => {
  const { schema } = view.state.facet(known);
  const found = schema === undefined ? null : keyAt(view.state.doc.toString(), offset);
  if (schema === undefined || found === null) return null;
  const meaning = meaningOf(schema, found.path);
  if (meaning === undefined) return null;
  return {
    pos: found.from,
    end: found.to,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-hover-doc";
      const key = document.createElement("code");
      key.textContent = found.path.filter((part) => part !== "*").join(".");
      const values = valuesAt(schema, found.path)
        .filter(({ closed }) => closed)
        .map(({ value }) => value);
      dom.append(key, document.createElement("br"), meaning);
      if (values.length > 0) dom.append(document.createElement("br"), `One of ${values.join(", ")}.`);
      return { dom };
    },
  };
});
