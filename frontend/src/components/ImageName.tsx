import { imageParts } from "@/lib/format";

interface Props {
  image: string | null;
  digest: string | null;
  /** Where something more important needs the room: the tag is in the title only. */
  brief?: boolean;
}

/** `repository:tag`; the registry and the digest are in the title. */
export function ImageName({ image, digest, brief = false }: Props) {
  if (image === null) return <span className="text-ink-3">–</span>;
  const { repository, tag } = imageParts(image);
  return (
    <span
      title={digest === null ? image : `${image}\n${digest}`}
      className="flex min-w-0 font-mono text-[12.5px] leading-5"
    >
      <span className="truncate">{repository}</span>
      {tag !== null && !brief && <span className="max-w-[75%] shrink-0 truncate text-ink-3">:{tag}</span>}
    </span>
  );
}
