import { describe, expect, test } from "vitest";
import { keyAt, placeAt } from "./yamlPlace";

/** `|` is the caret. */
function at(marked: string) {
  const offset = marked.indexOf("|");
  const found = placeAt(marked.replace("|", ""), offset);
  return found === null ? null : `${found.kind} ${found.path.join(".")} '${found.word}'`;
}

describe("where the caret stands", () => {
  test.each([
    ["re|", "key  're'"],
    ["image: a\nre|\nports: []", "key  're'"],
    ["mode: |", "value mode ''"],
    ["mode: glo|bal", "value mode 'glo'"],
    ["update_config:\n  order: st|", "value update_config.order 'st'"],
    ["update_config:\n  |", "key update_config ''"],
    ["update_config:\n  order: stop-first\n  pa|", "key update_config 'pa'"],
    ["ports:\n  - tar|", "item ports.* 'tar'"],
    ["ports:\n- target: 80\n  mo|", "key ports.* 'mo'"],
    ["ports:\n  - target: 80\n    mode: h|", "value ports.*.mode 'h'"],
    ["constraints:\n  - node.hostname == no|", "item constraints.* 'node.hostname == no'"],
    ["constraints: [node.ro|", "item constraints.* 'node.ro'"],
    ["resources:\n  limits: { cp|", "key resources.limits 'cp'"],
    ["resources:\n  limits: { cpus: 1, memory: 5|", "value resources.limits.memory '5'"],
    ["resources:\n  reservations:\n    memory: 1g\n  limits:\n    me|", "key resources.limits 'me'"],
    ["env:\n  A: b\nimage: |", "value image ''"],
    [
      "resources:\n  reservations:\n    generic_resources:\n      - discrete_resource_spec:\n          ki|",
      "key resources.reservations.generic_resources.*.discrete_resource_spec 'ki'",
    ],
  ])("%j", (text, place) => {
    expect(at(text)).toBe(place);
  });

  test("in a comment there is nothing to complete", () => {
    expect(at("image: a # some|")).toBeNull();
    expect(at("# re|")).toBeNull();
    expect(at("env: {A: '#|")).not.toBeNull();
  });

  test("keys that are there already are known, those of other mappings are not", () => {
    const text = "update_config:\n  order: stop-first\n  \n  delay: 1s\nrollback_config:\n  monitor: 1s\n";
    expect(placeAt(text, text.indexOf("\n  \n") + 3)?.siblings).toEqual(new Set(["order", "delay"]));
  });
});

test("a key under the pointer is named with its path", () => {
  const text = "ports:\n  - target: 80\n    mode: host\n";
  expect(keyAt(text, text.indexOf("mode") + 1)?.path).toEqual(["ports", "*", "mode"]);
  expect(keyAt(text, text.indexOf("target") + 1)?.path).toEqual(["ports", "*", "target"]);
  expect(keyAt(text, text.indexOf("host"))).toBeNull();
});
