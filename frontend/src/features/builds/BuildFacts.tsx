// What went into a build and what came out of it.
import type { ReactNode } from "react";
import type { Build } from "@/api/types";
import { BuildTook, tagOnly } from "@/components/BuildList";
import { CopyButton } from "@/components/CopyButton";
import { Digest } from "@/components/Digest";
import { ImageName } from "@/components/ImageName";
import { Card } from "@/components/Layout";
import { RelativeTime } from "@/components/RelativeTime";
import { bytes, plural } from "@/lib/format";

const mono = "font-mono text-[12.5px] [overflow-wrap:anywhere]";

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid min-h-[37px] grid-cols-[4.75rem_minmax(0,1fr)] items-center gap-2 border-line border-b px-4 py-1 last:border-b-0">
      <dt className="text-ink-3 text-sm">{label}</dt>
      <dd className="min-w-0 text-sm">{children}</dd>
    </div>
  );
}

export function BuildFacts({ build }: { build: Build }) {
  const { image, tag, digest, context_bytes: size, context_files: files } = build;
  return (
    <Card title="Build">
      <dl>
        <Row label="Image">
          <span className="flex items-center gap-0.5">
            <ImageName image={image} digest={digest} />
            <CopyButton text={image} label="Copy image" />
          </span>
        </Row>
        <Row label="Own tag">
          <span className="flex items-center gap-0.5">
            <span title={tag} className="truncate font-mono text-xs">
              {tagOnly(tag)}
            </span>
            <CopyButton text={tag} label="Copy tag" />
          </span>
        </Row>
        <Row label="Digest">
          <Digest digest={digest} />
        </Row>
        <Row label="Context">
          {size === null ? (
            <span className="text-ink-3">not read yet</span>
          ) : (
            <span className="num">
              {bytes(size)}
              {files !== null && ` in ${plural(files, "file")}`}
            </span>
          )}
        </Row>
        <Row label="Dockerfile">
          <span className={mono}>{build.dockerfile}</span>
          {build.target !== null && <span className="text-ink-2">, target {build.target}</span>}
        </Row>
        <Row label="Platforms">
          {build.platforms.length > 0 ? (
            build.platforms.join(", ")
          ) : (
            <span className="text-ink-2">that of the engine that builds</span>
          )}
        </Row>
        <Row label="Begun">
          <RelativeTime at={build.created_at} className="num" /> by {build.actor}
        </Row>
        <Row label="Took">
          <span className="num">
            <BuildTook build={build} />
          </span>
        </Row>
      </dl>
    </Card>
  );
}
