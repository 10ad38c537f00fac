// Just enough JSON Schema to complete a definition: what may stand at a path, and what it means.

export interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  description?: string;
  default?: unknown;
  required?: string[];
  pattern?: string;
}

/** All the forms that `schema` allows, references followed. */
function forms(root: JsonSchema, schema: JsonSchema): JsonSchema[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/$defs/", "");
    const found = root.$defs?.[name];
    return found === undefined ? [] : forms(root, found);
  }
  if (schema.anyOf === undefined) return [schema];
  const { anyOf, ...own } = schema;
  return [own, ...anyOf.flatMap((one) => forms(root, one))];
}

function step(root: JsonSchema, at: JsonSchema, key: string): JsonSchema[] {
  if (key === "*") return at.items === undefined ? [] : forms(root, at.items);
  const known = at.properties?.[key];
  if (known !== undefined) return forms(root, known);
  return typeof at.additionalProperties === "object" ? forms(root, at.additionalProperties) : [];
}

export function formsAt(root: JsonSchema, path: readonly string[]): JsonSchema[] {
  let here = forms(root, root);
  for (const key of path) here = here.flatMap((one) => step(root, one, key));
  return here;
}

export interface KnownKey {
  key: string;
  description: string;
  /** What is written behind the key: a value on the same line, more keys or a list below it. */
  holds: "value" | "mapping" | "list";
  required: boolean;
}

export function keysAt(root: JsonSchema, path: readonly string[]): KnownKey[] {
  const found = new Map<string, KnownKey>();
  for (const form of formsAt(root, path))
    for (const [key, schema] of Object.entries(form.properties ?? {}))
      if (!found.has(key))
        found.set(key, {
          key,
          description: schema.description ?? "",
          holds: heldBy(forms(root, schema)),
          required: form.required?.includes(key) ?? false,
        });
  return [...found.values()];
}

function heldBy(kinds: readonly JsonSchema[]): KnownKey["holds"] {
  const types = new Set(kinds.flatMap((kind) => kind.type ?? (kind.enum === undefined ? [] : ["string"])));
  types.delete("null");
  if (types.has("object")) return types.has("string") ? "value" : "mapping";
  // A text of any kind in place of a list is a line of words: a command.
  const line = kinds.some((kind) => kind.type?.includes("string") && kind.pattern === undefined);
  if (types.has("array")) return line ? "value" : "list";
  return "value";
}

export interface KnownValue {
  value: string;
  /** One of few, not an example of many. */
  closed: boolean;
  isDefault: boolean;
}

export function valuesAt(root: JsonSchema, path: readonly string[]): KnownValue[] {
  const here = formsAt(root, path);
  const usual = here.find((form) => form.default !== undefined)?.default;
  const found = new Map<string, KnownValue>();
  const add = (value: unknown, closed: boolean) => {
    const text = String(value);
    if (value !== null && !found.has(text))
      found.set(text, { value: text, closed, isDefault: value === usual });
  };
  for (const form of here) {
    for (const value of form.enum ?? []) add(value, true);
    if (form.type === "boolean") for (const value of [true, false]) add(value, true);
    for (const value of form.examples ?? []) add(value, false);
  }
  return [...found.values()];
}

/** What the key at the end of `path` means. */
export const meaningOf = (root: JsonSchema, path: readonly string[]): string | undefined =>
  formsAt(root, path).find((form) => form.description !== undefined)?.description;
