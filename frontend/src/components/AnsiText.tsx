// Text in the colours its program gave it.
import "./log.css";
import { clsx } from "clsx";
import { memo } from "react";
import { ansiSpans } from "@/lib/ansi";

export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  return ansiSpans(text).map((span, index) => (
    <span
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of a line that never changes
      key={index}
      className={clsx(
        span.inverse
          ? "ansi-inverse"
          : [
              span.color !== undefined && `ansi-${span.color}`,
              span.background !== undefined && `ansi-on-${span.background}`,
            ],
        span.bold && "font-bold",
        span.faint && "opacity-75",
        span.italic && "italic",
        span.underline && "underline",
        span.struck && "line-through",
      )}
    >
      {span.text}
    </span>
  ));
});
