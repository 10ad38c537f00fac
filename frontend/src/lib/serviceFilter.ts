// The language of the filter box: words, `key:value`, `!not`, `~fuzzy`, `/expression/`.
import type { Service } from "@/api/types";
import { needsAttention, serviceStatuses } from "./status";

type Test = (service: Service) => boolean;

export interface Filter {
  keeps: Test;
  /** What cannot be meant as it was written, in words. */
  mistakes: string[];
}

/** What is searched by a plain word, made once for each service as it is. */
const hays = new WeakMap<Service, string>();

function hayOf(service: Service): string {
  let hay = hays.get(service);
  if (hay === undefined) {
    hay = [
      service.name,
      service.image ?? "",
      service.stack ?? "",
      ...service.nodes.map((node) => node.hostname),
      ...service.ports.map((port) => String(port.published ?? port.target)),
    ]
      .join("\n")
      .toLowerCase();
    hays.set(service, hay);
  }
  return hay;
}

const has = (text: string | null, value: string) => text?.toLowerCase().includes(value) ?? false;

const traits: Record<string, Test> = {
  drifted: (service) => service.drift,
  problem: needsAttention,
  foreign: (service) => !service.in_catalog,
  live: (service) => service.live,
};

type Key = (value: string) => Test;

const keys: Record<string, Key> = {
  name: (value) => (service) => has(service.name, value),
  status: (value) => (service) => service.status === value || service.reason === value.replaceAll("-", "_"),
  stack: (value) => (service) => (value === "none" ? service.stack === null : has(service.stack, value)),
  node: (value) => (service) => service.nodes.some((node) => has(node.hostname, value) || node.id === value),
  image: (value) => (service) => has(service.image, value) || has(service.digest, value),
  port: (value) => (service) =>
    service.ports.some((port) => String(port.published) === value || String(port.target) === value),
  mode: (value) => (service) => service.mode.startsWith(value),
  is: (value) => traits[value] ?? (() => false),
};

const known: Partial<Record<string, readonly string[]>> = {
  status: serviceStatuses,
  is: Object.keys(traits),
};

/** The letters in order, with anything between. */
function fuzzy(letters: string): Test {
  return ({ name }) => {
    const text = name.toLowerCase();
    let at = -1;
    return [...letters].every((letter) => {
      at = text.indexOf(letter, at + 1);
      return at !== -1;
    });
  };
}

const reasonLike = /^[a-z]+[-_][a-z-_]+$/;

function testOf(word: string, mistakes: string[]): Test | null {
  const expression = /^\/(.+)\/$/.exec(word)?.[1];
  if (expression !== undefined) {
    try {
      const pattern = new RegExp(expression, "i");
      return (service) => pattern.test(service.name) || pattern.test(service.image ?? "");
    } catch {
      mistakes.push(`${word} is no regular expression`);
      return null;
    }
  }
  if (word.startsWith("~") && word.length > 1) return fuzzy(word.slice(1));
  const colon = word.indexOf(":");
  const [key, rest] = [word.slice(0, colon), word.slice(colon + 1)];
  const make = colon > 0 ? keys[key] : undefined;
  if (make !== undefined) {
    // Still being written: nothing is left out yet.
    const values = rest.split(",").filter((value) => value !== "");
    if (values.length === 0) return null;
    const choices = known[key];
    for (const value of values) {
      if (
        choices !== undefined &&
        !choices.some((choice) => choice.startsWith(value)) &&
        !reasonLike.test(value)
      )
        mistakes.push(`${key}:${value} is unknown; there are ${choices.join(", ")}`);
    }
    const tests = values.map((value) => make(choices?.find((choice) => choice === value) ?? value));
    return (service) => tests.some((test) => test(service));
  }
  if (word === "drift") return (service) => service.drift || hayOf(service).includes(word);
  return (service) => hayOf(service).includes(word);
}

/** Words as typed; what stands in double quotes is one word. */
const words = (text: string) =>
  [...text.matchAll(/(!?)((?:[a-z]+:)?)(?:"([^"]*)"?|(\S+))/gi)].map((match) => ({
    not: match[1] === "!",
    word: `${match[2] ?? ""}${match[3] ?? match[4] ?? ""}`.toLowerCase(),
  }));

export function parseFilter(text: string): Filter {
  const mistakes: string[] = [];
  const tests: Test[] = [];
  for (const { not, word } of words(text)) {
    if (word === "") continue;
    const test = testOf(word, mistakes);
    if (test !== null) tests.push(not ? (service) => !test(service) : test);
  }
  return { keeps: (service) => tests.every((test) => test(service)), mistakes };
}
