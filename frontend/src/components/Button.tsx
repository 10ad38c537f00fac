import { clsx } from "clsx";
import { LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";

type Look = "primary" | "plain" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary:
    "border-accent bg-accent text-accent-ink enabled:hover:border-accent-hover enabled:hover:bg-accent-hover",
  plain: "border-line-strong bg-surface text-ink enabled:hover:border-ink-3 enabled:hover:bg-bg",
  quiet: "border-transparent text-ink-2 enabled:hover:bg-sunken enabled:hover:text-ink",
  danger: "border-bad bg-bad text-surface enabled:hover:opacity-90",
};

export function buttonClass(look: Look = "plain", size: "sm" | "md" = "md"): string {
  return clsx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-[550]",
    "transition-colors select-none disabled:cursor-not-allowed disabled:opacity-50 aria-busy:cursor-progress",
    size === "sm" ? "px-2.5 py-[3px] text-sm" : "px-3 py-1.5",
    looks[look],
  );
}

interface ButtonProps extends ComponentProps<"button"> {
  look?: Look;
  size?: "sm" | "md";
  busy?: boolean;
}

export function Button({
  look = "plain",
  size = "md",
  busy = false,
  className,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={clsx(buttonClass(look, size), className)}
    >
      {busy && <LoaderCircle aria-hidden className="size-3.5 animate-spin" />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  /** What it does, for everybody who does not see the icon. */
  label: string;
  /** The key that does the same: the tooltip says it, and lists press the button by it. */
  shortcut?: string;
}

/** A square button with an icon. */
export function IconButton({ label, shortcut, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      {...(shortcut !== undefined && { "aria-keyshortcuts": shortcut, "data-key": shortcut })}
      {...rest}
      className={clsx(
        "grid size-7 shrink-0 place-items-center rounded-md text-ink-3 transition-colors hover:bg-sunken hover:text-ink",
        "disabled:cursor-not-allowed disabled:opacity-40 [&_svg]:size-4",
        className,
      )}
    />
  );
}
