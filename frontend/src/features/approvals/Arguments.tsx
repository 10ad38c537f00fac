// Exactly what would be done: every argument, with secrets hidden by the server.
import type { Approval } from "@/api/types";
import { shownArguments } from "@/lib/approvalArguments";

export function Arguments({ approval }: { approval: Approval }) {
  const shown = shownArguments(approval);
  if (shown.length === 0) return null;
  const masked = shown.some(({ text }) => text.includes("***"));
  return (
    <div>
      <dl aria-label="Arguments" className="flex flex-col gap-1.5">
        {shown.map(({ name, text, block }) =>
          block ? (
            <div key={name}>
              <dt className="text-ink-3 text-sm">{name}</dt>
              <dd className="mt-1">
                <pre
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
                  tabIndex={0}
                  className="max-h-72 overflow-auto rounded-lg border border-line bg-sunken px-3 py-2 font-mono text-[12.5px] leading-relaxed"
                >
                  {text}
                </pre>
              </dd>
            </div>
          ) : (
            <div key={name} className="flex flex-wrap items-baseline gap-x-2">
              <dt className="text-ink-3 text-sm">{name}</dt>
              <dd className="min-w-0 font-mono text-[12.5px] [overflow-wrap:anywhere]">
                <bdi>{text}</bdi>
              </dd>
            </div>
          ),
        )}
      </dl>
      {masked && (
        <p className="mt-1.5 text-ink-3 text-sm">
          <code className="font-mono">***</code> hides a secret. What you agree to is bound to its exact
          value.
        </p>
      )}
    </div>
  );
}
