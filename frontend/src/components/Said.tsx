import { Fragment } from "react";

/** A sentence from the server; what stands between backticks is code. */
export function Said({ children }: { children: string }) {
  return children.split("`").map((part, index, parts) => {
    // An unpaired backtick is just a backtick.
    const code = index % 2 === 1 && index < parts.length - 1;
    const key = `${index} ${part}`;
    if (code) {
      return (
        <code key={key} className="font-mono text-[.92em]">
          {part}
        </code>
      );
    }
    return <Fragment key={key}>{index % 2 === 1 ? `\`${part}` : part}</Fragment>;
  });
}
