import { expect, test } from "vitest";
import { tag } from "@/testing/samples";
import { lagging, platformWord, tagsOf, usersOf } from "./tags";

const by = (service: string, how: "digest" | "tag", running: boolean) => ({ service, by: how, running });
const other = `sha256:${"ef".repeat(32)}`;

test("tags of one manifest belong together, and so do their users", () => {
  const tags = [
    tag({ name: "1", used_by: [by("web", "tag", false)] }),
    tag({ name: "latest", used_by: [by("web", "digest", true), by("api", "tag", false)] }),
    tag({ name: "old", digest: other, used_by: [by("old", "tag", true)] }),
  ];
  const digest = tags[0]?.digest ?? null;
  expect(tagsOf(tags, digest)).toEqual(["1", "latest"]);
  expect(usersOf(tags, digest)).toEqual([by("api", "tag", false), by("web", "digest", true)]);
});

test("what is not known belongs to nothing", () => {
  const unknown = tag({ name: "x", digest: null, used_by: [by("web", "tag", false)] });
  expect(tagsOf([unknown, { ...unknown, name: "y" }], null)).toEqual([]);
  expect(usersOf([unknown], null)).toEqual([]);
});

test("a service lags when it names the tag, is in the swarm and runs something else", () => {
  const newer = tag({
    name: "latest",
    newer_than_deployed: true,
    used_by: [
      by("web", "tag", false),
      by("new", "tag", true),
      by("off", "tag", false),
      by("pin", "digest", false),
    ],
  });
  const live = new Set(["web", "new", "pin"]);
  expect(lagging(newer, live)).toEqual(["web"]);
  expect(lagging({ ...newer, newer_than_deployed: false }, live)).toEqual([]);
});

test("a platform is written as docker writes it", () => {
  expect(platformWord({ os: "linux", architecture: "arm", variant: "v7" })).toBe("linux/arm/v7");
  expect(platformWord({ os: "linux", architecture: "amd64", variant: null })).toBe("linux/amd64");
});
