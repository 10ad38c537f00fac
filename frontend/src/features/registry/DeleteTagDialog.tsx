// Deleting an image: says which tags go with it and who needs it; one that is in use wants its name typed.
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Tag, TagUse } from "@/api/types";
import { Button } from "@/components/Button";
import { Command } from "@/components/CopyButton";
import { ConfirmDialog, Dialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { Said } from "@/components/Said";
import { ProblemNote } from "@/components/States";
import { useDeleteTag } from "@/hooks/useImages";
import { plural, shortDigest } from "@/lib/format";
import { tagsOf, usersOf } from "@/lib/tags";

interface Props {
  repository: string;
  registry: string | undefined;
  tag: Tag;
  tags: readonly Tag[];
  onClose: () => void;
}

export default function DeleteTagDialog({ repository, registry, tag, tags, onClose }: Props) {
  // As it was when the dialog opened: what is deleted must not change while one reads.
  const [siblings] = useState(() => tagsOf(tags, tag.digest));
  const [users] = useState(() => usersOf(tags, tag.digest));
  const [typed, setTyped] = useState("");
  const remove = useDeleteTag(repository, registry);
  const problem = remove.error === null ? null : asProblem(remove.error);
  // Whoever has not read it must not confirm it: the server refuses what has changed since.
  const mustType =
    users.length > 0 ||
    siblings.length > 1 ||
    problem?.code === "image_in_use" ||
    problem?.code === "tags_share_manifest";
  const name = `${repository}:${tag.name}`;
  const { data } = remove;
  if (data !== undefined)
    return (
      <Dialog title={`${name} is deleted`} onClose={onClose}>
        <div className="flex flex-col gap-3 text-ink-2">
          <p>
            {data.tags.length > 1
              ? `With it went ${others(data.tags, tag.name)}.`
              : "No other tag went with it."}{" "}
            Its layers still take up space in the registry until garbage is collected there:
          </p>
          <Command>
            {"docker exec NAME registry garbage-collect \\\n  /etc/docker/registry/config.yml"}
          </Command>
          <p className="text-sm">
            <Said>{data.next_step}</Said>
          </p>
          <div className="flex justify-end">
            <Button look="primary" onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      </Dialog>
    );
  return (
    <ConfirmDialog
      title={`Delete ${name}?`}
      confirm={siblings.length > 1 ? `Delete ${plural(siblings.length, "tag")}` : "Delete"}
      danger
      busy={remove.isPending}
      disabled={mustType && typed !== name}
      onConfirm={() => remove.mutate({ tag: tag.name, ...(mustType && { confirm: typed }) })}
      onClose={onClose}
    >
      <p>
        The image <code className="font-mono text-[12.5px]">{shortDigest(tag.digest ?? "")}</code> is deleted
        from the registry. It cannot be brought back from here.
      </p>
      {siblings.length > 1 && (
        <p>
          <b className="font-semibold text-ink">{plural(siblings.length, "tag")} of it go together:</b>{" "}
          <span className="font-mono text-[12.5px] [overflow-wrap:anywhere]">{siblings.join(", ")}</span>
        </p>
      )}
      {users.length > 0 && <Users users={users} />}
      {problem !== null && <ProblemNote problem={problem} />}
      {mustType && (
        <Field
          label={`Type ${name} to delete it all the same`}
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
    </ConfirmDialog>
  );
}

const others = (tags: readonly string[], one: string) => tags.filter((tag) => tag !== one).join(", ");

function Users({ users }: { users: readonly TagUse[] }) {
  return (
    <div className="rounded-lg bg-bad-soft px-3.5 py-2.5 text-bad-ink text-sm">
      <p className="font-medium">
        {plural(users.length, "service needs", "services need")} it. Where it is not on a node already, no
        task of {users.length === 1 ? "it" : "them"} can start any more:
      </p>
      <ul className="mt-1 flex flex-col gap-0.5">
        {users.map(({ service, running }) => (
          <li key={service}>
            <b className="font-semibold">{service}</b>{" "}
            {running ? "runs it now" : "names it in its definition"}
          </li>
        ))}
      </ul>
    </div>
  );
}
