// Order, columns, density, and the list as a file.
import { Download } from "lucide-react";
import { useId } from "react";
import type { Service } from "@/api/types";
import { Button } from "@/components/Button";
import { useListView } from "@/hooks/useListView";
import { plural } from "@/lib/format";
import { columns, columnWords, listViews } from "@/lib/listView";
import { asCsv, asJson, saveFile } from "@/lib/serviceExport";
import { readSort, type SortKey, sortKeys, sortText, sortWords } from "@/lib/serviceOrder";

interface Props {
  user: string;
  shown: Service[];
  sort: string | undefined;
  onSort: (sort: string) => void;
}

export default function ViewOptions({ user, shown, sort, onSort }: Props) {
  const view = useListView(user);
  const now = readSort(sort);
  const id = useId();
  return (
    <div className="flex flex-col gap-4">
      <div>
        <label htmlFor={id} className="mb-1 block font-medium text-sm">
          Sort by
        </label>
        <div className="flex gap-2">
          <select
            id={id}
            value={now.by}
            onChange={(event) => onSort(sortText({ by: event.target.value as SortKey, down: now.down }))}
            className="field"
          >
            {sortKeys.map((key) => (
              <option key={key} value={key}>
                {sortWords[key]}
              </option>
            ))}
          </select>
          <Button
            aria-pressed={now.down}
            disabled={now.by === "problems"}
            onClick={() => onSort(sortText({ ...now, down: !now.down }))}
          >
            {now.down ? "Descending" : "Ascending"}
          </Button>
        </div>
      </div>
      <fieldset className="max-md:hidden">
        <legend className="mb-1 font-medium text-sm">Columns</legend>
        <div className="grid grid-cols-3 gap-x-3 gap-y-1.5 text-sm">
          {columns.map((column) => (
            <label key={column} className="flex items-center gap-2">
              <input
                type="checkbox"
                checked={view.columns.includes(column)}
                onChange={(event) =>
                  listViews.set(user, {
                    columns: event.target.checked
                      ? [...view.columns, column]
                      : view.columns.filter((other) => other !== column),
                  })
                }
                className="accent-accent"
              />
              {columnWords[column]}
            </label>
          ))}
        </div>
      </fieldset>
      <label className="flex items-center gap-2 text-sm max-md:hidden">
        <input
          type="checkbox"
          checked={view.dense}
          onChange={(event) => listViews.set(user, { dense: event.target.checked })}
          className="accent-accent"
        />
        Narrow rows
      </label>
      <p className="-mt-2 text-ink-3 text-xs max-md:hidden">Kept in this browser for {user}.</p>
      <div className="flex items-center gap-2 border-line border-t pt-3">
        <span className="num flex-1 text-sm">{plural(shown.length, "service")} as a file</span>
        <Button size="sm" onClick={() => saveFile("services.csv", "text/csv", asCsv(shown))}>
          <Download aria-hidden className="size-3.5" />
          CSV
        </Button>
        <Button size="sm" onClick={() => saveFile("services.json", "application/json", asJson(shown))}>
          <Download aria-hidden className="size-3.5" />
          JSON
        </Button>
      </div>
    </div>
  );
}
