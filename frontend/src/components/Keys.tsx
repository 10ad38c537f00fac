// Keys as they stand on a keyboard: `g n` is one after the other, `Mod+k` both at once.

const isMac = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "");
const caps: Partial<Record<string, string>> = {
  Mod: isMac ? "⌘" : "Ctrl",
  Escape: "Esc",
  ArrowDown: "↓",
  ArrowUp: "↑",
  Enter: "↵",
};

/** In a sentence or a tooltip. */
export const keyWords = (key: string) =>
  key
    .split(" ")
    .map((one) =>
      one
        .split("+")
        .map((part) => caps[part] ?? part)
        .join(isMac ? "" : "+"),
    )
    .join(" then ");

export function Keys({ children }: { children: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      {children.split(" ").map((one, at) => (
        <span key={one} className="inline-flex items-center gap-1">
          {at > 0 && <span className="text-ink-3 text-xs">then</span>}
          {one
            .replace(/^([A-Z])$/, "Shift+$1")
            .split("+")
            .map((part) => (
              <kbd
                key={part}
                className="inline-grid h-5 min-w-5 place-items-center rounded border border-line-strong bg-sunken px-1 font-mono text-[11px] text-ink-2"
              >
                {caps[part] ?? part}
              </kbd>
            ))}
        </span>
      ))}
    </span>
  );
}
