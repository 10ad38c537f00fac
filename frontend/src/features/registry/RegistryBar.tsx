// Which registry is looked at, what is known of it, and the acts on it.
import { clsx } from "clsx";
import { EllipsisVertical, KeyRound, LockOpen, Trash2, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import type { Registry } from "@/api/types";
import { IconButton } from "@/components/Button";
import { CopyButton } from "@/components/CopyButton";
import { LazyMenu } from "@/components/LazyMenu";
import { Said } from "@/components/Said";
import { useMay } from "@/hooks/usePermissions";
import { barredEntry } from "@/lib/permissions";

const sources: Record<Registry["source"], string> = {
  environment: "from the environment",
  file: "from the registries file",
  stored: "added here",
};

interface Props {
  registries: readonly Registry[];
  chosen: Registry;
  onChoose: (host: string) => void;
  onChange: () => void;
  onRemove: () => void;
}

export function RegistryBar({ registries, chosen, onChoose, onChange, onRemove }: Props) {
  const forbidden = barredEntry(useMay()("admin"));
  return (
    <section aria-label="Registries" className="mb-3.5 flex flex-col gap-3">
      {registries.length > 1 && (
        <fieldset className="flex min-w-0 gap-1.5 overflow-x-auto py-0.5 max-sm:-mx-4 max-sm:px-4">
          <legend className="sr-only">Registry</legend>
          {registries.map(({ host }) => (
            <button
              key={host}
              type="button"
              aria-pressed={host === chosen.host}
              onClick={() => onChoose(host)}
              className={clsx(
                "whitespace-nowrap rounded-full border px-2.5 py-1 font-mono text-[12.5px] transition-colors",
                host === chosen.host
                  ? "border-accent bg-accent-soft text-accent"
                  : "border-line-strong bg-surface text-ink-2 hover:border-ink-3 hover:text-ink",
              )}
            >
              {host}
            </button>
          ))}
        </fieldset>
      )}
      <div className="card flex min-h-[47px] flex-wrap items-center gap-x-3 py-1.5 pr-2 pl-4">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-0.5">
          <span className="flex min-w-0 items-center gap-1">
            <b className="truncate font-mono font-semibold text-[13px]">{chosen.host}</b>
            <CopyButton text={chosen.host} label="Copy address" />
          </span>
          <Fact icon={UserRound}>
            {chosen.username !== null
              ? `signs in as ${chosen.username}`
              : chosen.has_password
                ? "signs in with a token"
                : "without credentials"}
          </Fact>
          {chosen.insecure && (
            <Fact icon={LockOpen} tone="text-wait-ink">
              plain HTTP
            </Fact>
          )}
          <span className="text-ink-3 text-sm">
            {chosen.is_default ? "default, " : ""}
            {sources[chosen.source]}
          </span>
        </div>
        <LazyMenu
          trigger={
            <IconButton label={`More for ${chosen.host}`}>
              <EllipsisVertical />
            </IconButton>
          }
          groups={[
            [{ label: "Change credentials", icon: <KeyRound />, onSelect: onChange, ...forbidden }],
            [
              {
                label: chosen.source === "stored" ? "Remove" : "Forget credentials",
                icon: <Trash2 />,
                danger: true,
                disabled: chosen.source !== "stored" && chosen.credentials_source !== "stored",
                onSelect: onRemove,
                ...forbidden,
              },
            ],
          ]}
        />
        {chosen.problem !== null && (
          <p role="alert" className="w-full pb-1 text-sm text-warn-ink [overflow-wrap:anywhere]">
            <Said>{chosen.problem}</Said>
          </p>
        )}
      </div>
    </section>
  );
}

function Fact({
  icon: Icon,
  tone = "text-ink-2",
  children,
}: {
  icon: typeof KeyRound;
  tone?: string;
  children: ReactNode;
}) {
  return (
    <span className={clsx("flex items-center gap-1.5 whitespace-nowrap text-sm", tone)}>
      <Icon aria-hidden className="size-3.5 shrink-0 opacity-70" />
      {children}
    </span>
  );
}
