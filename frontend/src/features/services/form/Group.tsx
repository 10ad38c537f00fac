// One group of fields: folded away until it says something or somebody opens it.
import { ChevronRight, type LucideIcon } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Path, valueAt } from "@/lib/definitionValue";
import { useForm } from "./FormContext";

interface Props {
  icon: LucideIcon;
  title: string;
  /** What it is for, while nothing is set. */
  about: string;
  paths: readonly Path[];
  children: ReactNode;
}

export function Group({ icon: Icon, title, about, paths, children }: Props) {
  const { data, reasonAt } = useForm();
  const said = paths.filter((path) => valueAt(data, path) !== undefined);
  const wrong = paths.some((path) => reasonAt(path) !== undefined);
  const [chosen, setChosen] = useState<boolean | null>(null);
  const open = chosen ?? wrong;
  return (
    <details
      open={open}
      className="group card overflow-hidden"
      onToggle={(event) => {
        if (event.currentTarget.open !== open) setChosen(event.currentTarget.open);
      }}
    >
      <summary className="flex cursor-pointer list-none items-center gap-3 px-4 py-3 hover:bg-bg focus-visible:-outline-offset-2 [&::-webkit-details-marker]:hidden">
        <Icon aria-hidden className="size-4 shrink-0 text-ink-3" />
        <h2 className="shrink-0 font-semibold text-sm">{title}</h2>
        <span className="min-w-0 flex-1 truncate text-ink-3 text-sm">
          {wrong ? (
            <span className="font-medium text-bad-ink">needs a correction</span>
          ) : said.length === 0 ? (
            about
          ) : (
            <span className="text-ink-2">
              {said.map((path) => summary(path, valueAt(data, path))).join(" · ")}
            </span>
          )}
        </span>
        <ChevronRight
          aria-hidden
          className="size-4 shrink-0 text-ink-3 transition-transform group-open:rotate-90"
        />
      </summary>
      <div className="flex flex-col gap-5 border-line border-t px-4 py-4">{children}</div>
    </details>
  );
}

function summary(path: Path, value: unknown): string {
  const word = (path.at(-1) ?? "").replaceAll("_", " ");
  if (Array.isArray(value)) return `${value.length} ${value.length === 1 ? word.replace(/s$/, "") : word}`;
  if (typeof value === "object" && value !== null) return word;
  if (typeof value === "boolean") return value ? word : `no ${word}`;
  return `${word} ${String(value)}`;
}
