// Holds the import direction: app → pages → features/<noun> → components | hooks | lib → api.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const source = resolve(dirname(fileURLToPath(import.meta.url)), "../src");
const rank = { app: 4, pages: 3, features: 2, components: 1, hooks: 1, lib: 1, api: 0 };

const found = [];
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);
for (const file of files) {
  const [layer, noun] = file.split(sep);
  if (layer === "testing" || /\.test\.tsx?$/.test(file)) continue;
  if (!(layer in rank)) {
    found.push(`${file}: no such layer "${layer}"`);
    continue;
  }
  const text = readFileSync(join(source, file), "utf8");
  for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*"((?:@\/|\.)[^"]+)"/g)) {
    const path = target.startsWith("@/")
      ? target.slice(2)
      : relative(source, resolve(source, dirname(file), target))
          .split(sep)
          .join("/");
    const [toLayer, toNoun] = path.split("/");
    if (!(toLayer in rank) || rank[toLayer] > rank[layer]) found.push(`${file} must not import ${path}`);
    if (layer === "features" && toLayer === "features" && toNoun !== noun)
      found.push(`${file}: features do not import features (${path})`);
  }
}
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
console.log(`import direction holds in ${files.length} files`);
