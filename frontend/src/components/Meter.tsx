import { clsx } from "clsx";

interface MeterProps {
  label: string;
  used: number;
  total: number;
  /** The same in words. */
  words: string;
}

/** Reserved of what there is, as the scheduler counts it. */
export function Meter({ label, used, total, words }: MeterProps) {
  const share = total > 0 ? Math.min(1, used / total) : 0;
  return (
    <div className="text-sm">
      <div className="flex justify-between gap-3">
        <span className="text-ink-3">{label}</span>
        <span className="num text-ink-2">{words}</span>
      </div>
      <Bar share={share} label={`${label}: ${words}`} />
    </div>
  );
}

export function Bar({ share, label }: { share: number; label: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw <meter> in their own colours
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      className="mt-1.5 h-[5px] overflow-hidden rounded-full bg-line"
    >
      <div
        className={clsx("h-full rounded-full", share > 0.9 ? "bg-warn" : "bg-accent")}
        style={{ width: `${share * 100}%` }}
      />
    </div>
  );
}
