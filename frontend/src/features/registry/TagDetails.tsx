// All that is known of one tag: references to copy, platforms, layers, labels.
import type { ReactNode } from "react";
import type { Tag } from "@/api/types";
import { Command, CopyButton } from "@/components/CopyButton";
import { bytes, plural, shortDigest, whenExactly } from "@/lib/format";
import { platformWord } from "@/lib/tags";

const mono = "font-mono text-[12.5px] [overflow-wrap:anywhere]";

function Part({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <section className="min-w-0">
      <h2 className="mb-1.5 font-semibold text-ink-3 text-xs">{title}</h2>
      {children}
    </section>
  );
}

export function TagDetails({ tag, image }: { tag: Tag; image: string }) {
  const reference = `${image}:${tag.name}`;
  const labels = Object.entries(tag.labels).sort(([a], [b]) => a.localeCompare(b));
  const largest = Math.max(1, ...tag.layers.map(({ size }) => size));
  return (
    <div className="grid gap-x-8 gap-y-5 @4xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-5">
        <Part title="Pull">
          <Command>{`docker pull ${reference}`}</Command>
        </Part>
        {tag.digest !== null && (
          <Part title="Reference that never changes">
            <p className="flex items-start gap-1">
              <span className={mono}>{`${reference}@${tag.digest}`}</span>
              <CopyButton
                text={`${reference}@${tag.digest}`}
                label="Copy reference with digest"
                className="-mt-1"
              />
            </p>
          </Part>
        )}
        {tag.platforms.length > 0 && (
          <Part title={plural(tag.platforms.length, "platform")}>
            <ul className="flex flex-col gap-1">
              {tag.platforms.map((platform) => (
                <li
                  key={platform.digest}
                  className="grid grid-cols-[minmax(0,1fr)_auto_auto] items-center gap-x-3 text-sm"
                >
                  <span>{platformWord(platform)}</span>
                  <span className="flex items-center">
                    <span title={platform.digest} className={mono}>
                      {shortDigest(platform.digest)}
                    </span>
                    <CopyButton text={platform.digest} label={`Copy digest of ${platformWord(platform)}`} />
                  </span>
                  <span className="num w-16 text-right text-ink-2">
                    {platform.size === null ? "–" : bytes(platform.size)}
                  </span>
                </li>
              ))}
            </ul>
          </Part>
        )}
        {tag.created !== null && (
          <Part title="Created">
            <p className="text-sm">{whenExactly(tag.created)}</p>
          </Part>
        )}
      </div>
      <div className="flex min-w-0 flex-col gap-5">
        {tag.layers.length > 0 && (
          <Part
            title={`${plural(tag.layers.length, "layer")}${tag.platforms.length > 1 ? " of the first platform" : ""}`}
          >
            <ol className="flex max-h-64 flex-col gap-1 overflow-y-auto">
              {tag.layers.map((layer, index) => (
                <li
                  // biome-ignore lint/suspicious/noArrayIndexKey: the same layer may come twice, its place is fixed
                  key={`${index} ${layer.digest}`}
                  className="grid grid-cols-[7rem_minmax(0,1fr)_4rem] items-center gap-x-3 text-sm"
                >
                  <span title={layer.digest} className="font-mono text-[12.5px]">
                    {shortDigest(layer.digest)}
                  </span>
                  <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-sunken">
                    <span
                      className="block h-full min-w-0.5 rounded-full bg-accent"
                      style={{ width: `${(layer.size / largest) * 100}%` }}
                    />
                  </span>
                  <span className="num text-right text-ink-2">{bytes(layer.size)}</span>
                </li>
              ))}
            </ol>
          </Part>
        )}
        <Part title="Labels">
          {labels.length === 0 ? (
            <p className="text-ink-3 text-sm">None.</p>
          ) : (
            <dl className="grid max-h-64 grid-cols-[fit-content(62%)_minmax(0,1fr)] gap-x-4 gap-y-1 overflow-y-auto text-sm @max-md:grid-cols-1">
              {labels.map(([key, value]) => (
                <div key={key} className="contents">
                  <dt className={`${mono} text-ink-3`}>{key}</dt>
                  <dd className={mono}>{value}</dd>
                </div>
              ))}
            </dl>
          )}
        </Part>
      </div>
    </div>
  );
}
