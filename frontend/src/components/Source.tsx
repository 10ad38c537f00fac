import { clsx } from "clsx";

/** A text as written, scrolling by itself when it is long. */
export function Source({
  label,
  children,
  className,
}: {
  label: string;
  children: string;
  className?: string;
}) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className={clsx("overflow-auto px-4 py-3", className)}
    >
      <pre className="font-mono text-[12.5px] leading-relaxed">{children}</pre>
    </section>
  );
}
