// What stands above the list: the filter box with its language, the chips, groups, and how the list looks.
import { CircleHelp, SlidersHorizontal } from "lucide-react";
import { Suspense, useEffect, useRef, useState } from "react";
import type { Service } from "@/api/types";
import { buttonClass, IconButton } from "@/components/Button";
import { FilterBox } from "@/components/FilterBox";
import { FilterChips } from "@/components/FilterChips";
import { LazyPopover } from "@/components/LazyPopover";
import { later } from "@/lib/later";
import type { ServicesSearch } from "@/lib/search";
import { filters, type ServiceFilter } from "@/lib/serviceList";
import { type Grouping, groupings } from "@/lib/serviceOrder";

const FilterHelp = later(() => import("./FilterHelp"));
const ViewOptions = later(() => import("./ViewOptions"));

/** The address follows when the typing pauses; the list does not wait for it. */
const TYPING = 300;
const always: readonly ServiceFilter[] = ["all", "problems", "running", "stopped"];

/** The text of the box: at once for the list, a moment later for the address. */
export function useFilterText(inAddress: string, write: (q: string) => void) {
  const [text, setText] = useState(inAddress);
  const written = useRef(inAddress);
  const writing = useRef(write);
  useEffect(() => {
    writing.current = write;
  });
  useEffect(() => {
    if (inAddress === written.current) return;
    // Someone went back, or followed a link.
    written.current = inAddress;
    setText(inAddress);
  }, [inAddress]);
  useEffect(() => {
    if (text === written.current) return;
    const timer = setTimeout(() => {
      written.current = text;
      writing.current(text);
    }, TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  const flush = () => {
    if (text === written.current) return;
    written.current = text;
    write(text);
  };
  return { text, setText, flush };
}

interface Props {
  /** Those that the text keeps: what the chips count. */
  matching: Service[];
  shown: Service[];
  text: string;
  onText: (text: string) => void;
  onLeave: () => void;
  mistakes: readonly string[];
  search: ServicesSearch;
  onSearch: (change: Partial<ServicesSearch>) => void;
  user: string;
  note: string;
}

export function ListTools(props: Props) {
  const { matching, shown, text, onText, onLeave, mistakes, search, onSearch, user, note } = props;
  return (
    <div className="mb-3.5 flex flex-wrap items-center gap-x-3 gap-y-2.5">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only hears that the focus leaves the box */}
      <div className="relative flex w-full items-center gap-1 sm:w-auto" onBlur={onLeave}>
        <FilterBox
          label="Filter services"
          placeholder="Filter: web, status:failed"
          value={text}
          onChange={onText}
        />
        <LazyPopover
          title="What the filter understands"
          trigger={
            <IconButton label="How to filter" className="max-sm:size-9">
              <CircleHelp />
            </IconButton>
          }
        >
          <FilterHelp onTry={onText} />
        </LazyPopover>
      </div>
      <FilterChips
        items={matching}
        filters={filters}
        always={always}
        show={search.show ?? "all"}
        onShow={(show) => onSearch({ show })}
      />
      <div className="flex flex-1 items-center justify-end gap-2 max-sm:justify-start">
        <span className="num whitespace-nowrap text-ink-3 text-sm max-xl:hidden">{note}</span>
        <select
          aria-label="Group by"
          value={search.group ?? ""}
          onChange={(event) =>
            onSearch({
              group: event.target.value === "" ? undefined : (event.target.value as Grouping),
            } as Partial<ServicesSearch>)
          }
          className="field w-auto! pr-7 text-sm"
        >
          <option value="">No groups</option>
          {groupings.map((by) => (
            <option key={by} value={by}>
              By {by}
            </option>
          ))}
        </select>
        <LazyPopover
          title="How the list looks"
          trigger={
            <button type="button" className={buttonClass()}>
              <SlidersHorizontal aria-hidden className="size-3.5" />
              View
            </button>
          }
        >
          <Suspense>
            <ViewOptions user={user} shown={shown} sort={search.sort} onSort={(sort) => onSearch({ sort })} />
          </Suspense>
        </LazyPopover>
      </div>
      {mistakes.length > 0 && (
        <p role="status" className="w-full text-sm text-wait-ink">
          {mistakes.join("; ")}.
        </p>
      )}
    </div>
  );
}
