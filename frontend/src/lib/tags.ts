// What a list of tags says about itself: pure, for the table, the delete dialog and their tests.
import type { Tag, TagPlatform, TagUse } from "@/api/types";

/** Tags of the same manifest; deleting one deletes them all. */
export const tagsOf = (tags: readonly Tag[], digest: string | null): string[] =>
  digest === null ? [] : tags.filter((tag) => tag.digest === digest).map(({ name }) => name);

/** Who needs the manifest, by any of its tags; each service once. */
export function usersOf(tags: readonly Tag[], digest: string | null): TagUse[] {
  const users = new Map<string, TagUse>();
  for (const tag of tags)
    if (digest !== null && tag.digest === digest)
      for (const use of tag.used_by) if (!users.get(use.service)?.running) users.set(use.service, use);
  return [...users.values()].sort((a, b) => a.service.localeCompare(b.service));
}

/** Services that name this tag and run what it was before; `live`: those that are in the swarm at all. */
export function lagging(
  tag: Pick<Tag, "used_by" | "newer_than_deployed">,
  live: ReadonlySet<string>,
): string[] {
  if (!tag.newer_than_deployed) return [];
  const current = new Set(tag.used_by.filter(({ running }) => running).map(({ service }) => service));
  return [...new Set(tag.used_by.filter(({ by }) => by === "tag").map(({ service }) => service))].filter(
    (service) => live.has(service) && !current.has(service),
  );
}

export const platformWord = ({ os, architecture, variant }: Omit<TagPlatform, "digest" | "size">) =>
  [os, architecture, variant].filter((part) => part !== null && part !== "").join("/");
