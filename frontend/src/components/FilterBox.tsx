// The box that narrows a list: `/` goes to it, Escape empties it.
import { type RefObject, useRef } from "react";
import { useAhead } from "@/hooks/useAhead";
import { useSlash } from "@/hooks/useSlash";

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}

export function FilterBox({ label, placeholder, value, onChange }: Props) {
  const box: RefObject<HTMLInputElement | null> = useRef(null);
  const [text, type] = useAhead(value, onChange);
  useSlash(box);
  return (
    <div className="relative w-full sm:w-[300px]">
      <input
        ref={box}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        spellCheck={false}
        autoCapitalize="none"
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && type("")}
        className="field pr-9"
      />
      {text === "" && (
        <kbd className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2.5 rounded border border-line-strong border-b-2 px-1.5 font-mono text-[11px] text-ink-3 max-sm:hidden">
          /
        </kbd>
      )}
    </div>
  );
}
