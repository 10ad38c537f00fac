import { shortDigest } from "@/lib/format";
import { CopyButton } from "./CopyButton";

/** The first twelve of it; all of it on hover and by copying. */
export function Digest({ digest, label = "Copy digest" }: { digest: string | null; label?: string }) {
  if (digest === null) return <span className="text-ink-3">–</span>;
  return (
    <span className="flex items-center gap-0.5">
      <span title={digest} className="font-mono text-[12.5px]">
        {shortDigest(digest)}
      </span>
      <CopyButton text={digest} label={label} />
    </span>
  );
}
