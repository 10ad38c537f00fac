import { clsx } from "clsx";
import type { Service } from "@/api/types";
import { replicaWords, slotTones } from "@/lib/status";
import { toneFill } from "./StatusBadge";

/** A small bar for each slot, and the same in words. */
export function Slots({ service, most = 8 }: { service: Service; most?: number }) {
  const tones = slotTones(service, most);
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="flex gap-0.5">
        {tones.map((tone, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a slot is its position
          <span key={index} className={clsx("h-3.5 w-[7px] rounded-[2px]", toneFill[tone])} />
        ))}
      </span>
      <span className="num whitespace-nowrap text-ink-2 text-sm">{replicaWords(service)}</span>
    </span>
  );
}
