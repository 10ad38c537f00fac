import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./Button";

/** The clipboard's API needs a secure context; plain HTTP gets the old way. */
export async function copyText(text: string): Promise<boolean> {
  if (globalThis.isSecureContext && navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  const holder = document.querySelector("[role=dialog]") ?? document.body;
  holder.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Copies, and says for a moment that it did. */
export function useCopy(): [copied: boolean, copy: (text: string) => Promise<void>] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, async (text) => setCopied(await copyText(text))];
}

export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const [copied, copy] = useCopy();
  return (
    <IconButton
      label={copied ? "Copied" : label}
      {...(className !== undefined && { className })}
      onClick={() => copy(text)}
    >
      {copied ? <Check className="text-ok-ink" /> : <Copy />}
    </IconButton>
  );
}

/** A command to run elsewhere, or a file to put there. */
export function Command({ label = "Copy command", children }: { label?: string; children: string }) {
  return (
    <div className="flex items-start gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3 text-left">
      <pre className="min-w-0 flex-1 whitespace-pre-wrap py-1 font-mono text-sm leading-relaxed [overflow-wrap:anywhere]">
        {children}
      </pre>
      <CopyButton text={children} label={label} />
    </div>
  );
}
