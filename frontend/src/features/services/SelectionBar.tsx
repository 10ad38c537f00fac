// What can be done with the chosen services; it stands at the lower edge while there are any.
import { Rocket, RotateCw, Scaling, Square, Trash2, X } from "lucide-react";
import { Button, IconButton } from "@/components/Button";
import { useMay } from "@/hooks/usePermissions";
import type { BulkAct } from "@/lib/bulkRuns";
import { plural } from "@/lib/format";
import { barred } from "@/lib/permissions";
import { serviceActNeeds } from "@/lib/serviceActs";

interface Props {
  count: number;
  hidden: number;
  /** How many more the filter shows. */
  more: number;
  onAll: () => void;
  onAct: (act: BulkAct) => void;
  onClear: () => void;
}

export default function SelectionBar({ count, hidden, more, onAll, onAct, onClear }: Props) {
  const may = useMay();
  const not = (act: BulkAct) => barred(may(serviceActNeeds[act]));
  return (
    <section
      aria-label="Selection"
      className="flex flex-wrap items-center gap-x-2 gap-y-2 rounded-xl border border-line-strong bg-raised py-2 pr-2 pl-4 shadow-xl max-sm:px-3"
    >
      <p className="num mr-1 whitespace-nowrap font-medium" aria-live="polite">
        {plural(count, "service")} selected
        {hidden > 0 && <span className="font-normal text-ink-3">, {hidden} not shown</span>}
      </p>
      {more > 0 && (
        <Button size="sm" look="quiet" onClick={onAll}>
          Select all {more.toLocaleString("en")}
        </Button>
      )}
      <div className="ml-auto flex flex-wrap items-center gap-1.5 max-sm:ml-0 max-sm:w-full">
        <Button size="sm" onClick={() => onAct("deploy")} className="max-sm:flex-1" {...not("deploy")}>
          <Rocket aria-hidden className="size-3.5 max-sm:hidden" />
          Deploy
        </Button>
        <Button size="sm" onClick={() => onAct("scale")} className="max-sm:flex-1" {...not("scale")}>
          <Scaling aria-hidden className="size-3.5 max-sm:hidden" />
          Scale
        </Button>
        <Button size="sm" onClick={() => onAct("restart")} className="max-sm:flex-1" {...not("restart")}>
          <RotateCw aria-hidden className="size-3.5 max-sm:hidden" />
          Restart
        </Button>
        <Button size="sm" onClick={() => onAct("stop")} className="max-sm:flex-1" {...not("stop")}>
          <Square aria-hidden className="size-3.5 max-sm:hidden" />
          Stop
        </Button>
        <IconButton
          label="Delete the selected from the catalog"
          onClick={() => onAct("delete")}
          {...not("delete")}
        >
          <Trash2 />
        </IconButton>
        <IconButton label="Clear the selection" onClick={onClear}>
          <X />
        </IconButton>
      </div>
    </section>
  );
}
