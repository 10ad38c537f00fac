// Definitions being written, and what their editor completes.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState, useSyncExternalStore } from "react";
import { definitions } from "@/api/definitions";
import { DraftSession } from "@/lib/draftSession";
import type { JsonSchema } from "@/lib/jsonSchema";
import { type Base, drafts, isDirty, useUnsaved } from "@/lib/keptDrafts";
import { useNodes } from "./useApi";
import { useProjects, useRepositories } from "./useImages";

const begin = (name: string, base: Base, text: string) =>
  drafts.begin(name, base, new DraftSession(definitions.check, name, text));

/** The draft of a service that exists; one without changes follows what others save. */
export function useServiceDraft(name: string, now: Base) {
  let draft = useSyncExternalStore(drafts.subscribe, () => drafts.get(name));
  if (draft === undefined || (!isDirty(draft) && draft.base.text !== now.text))
    draft = begin(name, now, now.text);
  else if (draft.session.read().text === now.text && draft.base.etag !== now.etag) {
    // It was saved: by somebody else in the same words, or by us and the answer was lost.
    draft = { ...draft, base: now };
    drafts.put(name, draft);
  }
  const { session, base } = draft;
  const state = useSyncExternalStore(session.subscribe, session.read);
  const dirty = useUnsaved(name);
  return {
    session,
    state,
    base,
    dirty,
    /** Someone saved another text after this draft began. */
    overtaken: dirty && base.etag !== now.etag && base.text !== now.text,
    /** Goes on from `next`; with `text`, as a change of it. */
    restart: (next: Base, text = next.text) => {
      begin(name, next, text);
      drafts.tell();
    },
    saved: (next: Base) => {
      drafts.put(name, { session, base: next });
      drafts.tell();
    },
  };
}

export function useNewDraft(name: string, text: string) {
  const [session, setSession] = useState(() => new DraftSession(definitions.check, name, text, true));
  const state = useSyncExternalStore(session.subscribe, session.read);
  return {
    session,
    state,
    restart: (next: string) => setSession(new DraftSession(definitions.check, state.name, next, true)),
  };
}

const CONSTRAINT_KEYS = [
  "node.hostname == ",
  "node.role == worker",
  "node.role == manager",
  "node.platform.os == linux",
  "node.platform.arch == x86_64",
  "node.platform.arch == aarch64",
];

/** What the editor completes: the schema of definitions, and names of what the cluster has. */
export function useKnown(wanted: boolean) {
  const { data: schema } = useQuery({
    queryKey: ["schemas", "service-definition"],
    queryFn: async ({ signal }) => (await definitions.schema(signal)) as JsonSchema,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: wanted,
  });
  const nodes = useNodes().data?.items;
  const projects = useProjects().data?.items;
  const repositories = useRepositories(undefined).data?.items;
  const hosts = nodes?.map(({ hostname }) => hostname).join("\n") ?? "";
  const folders = projects?.map(({ name }) => name).join("\n") ?? "";
  const images = repositories?.map(({ name }) => name).join("\n") ?? "";
  return useMemo(
    () => known(schema, split(hosts), split(folders), split(images)),
    [schema, hosts, folders, images],
  );
}

const split = (text: string) => (text === "" ? [] : text.split("\n"));

function known(schema: JsonSchema | undefined, hosts: string[], folders: string[], images: string[]) {
  const names = (path: readonly string[]) => {
    const [key = ""] = path.filter((part) => part !== "*" && part !== "placement");
    if (key === "image")
      return images.map((image) => ({ label: `\${REGISTRY_HOST}/${image}`, detail: "registry" }));
    if (key === "build_context") return folders.map((label) => ({ label, detail: "project" }));
    if (key !== "constraints") return [];
    return [
      ...hosts.map((host) => ({ label: `node.hostname == ${host}`, detail: "node" })),
      ...CONSTRAINT_KEYS.map((label) => ({ label })),
    ];
  };
  return { schema, names, hosts, folders, images };
}
