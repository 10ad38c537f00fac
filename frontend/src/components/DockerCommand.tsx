// The equivalent on the command line, folded away, to copy.
import { ChevronRight } from "lucide-react";
import { Command } from "./CopyButton";

export function DockerCommand({ children, note }: { children: string; note?: string }) {
  return (
    <details className="group/command text-sm">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded text-ink-3 hover:text-ink">
        <ChevronRight aria-hidden className="size-3.5 transition-transform group-open/command:rotate-90" />
        With the docker command
      </summary>
      <div className="mt-1.5 max-h-40 overflow-y-auto">
        <Command>{children}</Command>
      </div>
      {note !== undefined && <p className="mt-1 text-ink-3 text-xs">{note}</p>}
    </details>
  );
}
