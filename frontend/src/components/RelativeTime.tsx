import { useNow } from "@/hooks/useNow";
import { ago, whenExactly } from "@/lib/format";
import { useClock } from "@/lib/preferences";

export function RelativeTime({ at, className }: { at: string | null; className?: string }) {
  const now = useNow(1_000);
  useClock();
  if (at === null) return <span className={className}>–</span>;
  return (
    <time dateTime={at} title={whenExactly(at)} className={className}>
      {ago(at, now)}
    </time>
  );
}
