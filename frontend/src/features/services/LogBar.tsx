// The log's controls: beside each other where there is room, in a sheet where there is not.
import { SlidersHorizontal } from "lucide-react";
import { type RefObject, Suspense, useState } from "react";
import type { ServiceDetail } from "@/api/types";
import { Button } from "@/components/Button";
import { useAhead } from "@/hooks/useAhead";
import { useSlash } from "@/hooks/useSlash";
import { later } from "@/lib/later";
import type { LogLevel } from "@/lib/logLevel";
import type { LogSearch } from "@/lib/logSearch";
import { type LogChange, LogFilters } from "./LogFilters";
import { LogLevels } from "./LogLevels";
import { FollowButton, LogActs, LogLooks, type LogToolsProps } from "./LogTools";

const LogSheet = later(() => import("./LogSheet"));

interface Props extends LogToolsProps {
  service: ServiceDetail;
  search: LogSearch;
  box: RefObject<HTMLInputElement | null>;
  counts: readonly number[];
  levels: readonly LogLevel[];
  around: boolean;
  onSearch: (change: LogChange) => void;
}

export function LogBar(props: Props) {
  const { search, box, counts, levels, around, onSearch } = props;
  const [sheet, setSheet] = useState(false);
  const [text, type] = useAhead(search.q ?? "", (q) => onSearch({ q }));
  useSlash(box);
  if (around)
    return (
      <div className="flex flex-wrap items-center gap-2 border-line border-b px-4 py-2.5">
        <p className="text-sm">
          <span className="font-semibold">One line in its context.</span>{" "}
          <span className="text-ink-2">All tasks, not filtered, not followed.</span>
        </p>
        <div className="ml-auto flex flex-wrap gap-1.5">
          <LogLooks {...props} />
          <FollowButton {...props} />
        </div>
      </div>
    );
  return (
    <div className="flex flex-wrap items-center gap-x-2 gap-y-2.5 border-line border-b p-3">
      <input
        ref={box}
        type="search"
        aria-label="Filter lines"
        placeholder="Text, or /regex/"
        title="Lines with this text in any case, or /regex/ (/regex/i in any case)"
        spellCheck={false}
        autoCapitalize="none"
        maxLength={200}
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && type("")}
        className="field min-w-0 flex-1 sm:w-60 sm:flex-none"
      />
      <div className="contents max-sm:hidden">
        <LogFilters {...props} />
      </div>
      <Button className="sm:hidden" aria-haspopup="dialog" onClick={() => setSheet(true)}>
        <SlidersHorizontal aria-hidden className="size-4" />
        View
      </Button>
      <div className="ml-auto">
        <FollowButton {...props} />
      </div>
      <div className="flex w-full flex-wrap items-center gap-x-4 gap-y-2">
        <LogLevels counts={counts} levels={levels} onLevels={(level) => onSearch({ level })} />
        <div className="ml-auto flex flex-wrap gap-1.5 max-sm:hidden">
          <LogLooks {...props} />
          <span aria-hidden className="mx-0.5 w-px bg-line" />
          <LogActs {...props} />
        </div>
      </div>
      {sheet && (
        <Suspense>
          <LogSheet onClose={() => setSheet(false)}>
            <div className="grid gap-2">
              <LogFilters {...props} />
            </div>
            <div className="flex flex-wrap gap-2">
              <LogLooks {...props} />
            </div>
            <div className="flex flex-wrap gap-2 border-line border-t pt-4">
              <LogActs
                {...props}
                onClear={() => {
                  setSheet(false);
                  props.onClear();
                }}
                onFull={(full) => {
                  setSheet(false);
                  props.onFull(full);
                }}
              />
            </div>
          </LogSheet>
        </Suspense>
      )}
    </div>
  );
}
