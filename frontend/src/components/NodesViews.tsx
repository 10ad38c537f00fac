// The nodes as a list or as a map, on a phone: its bar has no room for both.
import { Link } from "@tanstack/react-router";
import { LayoutGrid, List } from "lucide-react";

const view =
  "flex items-center gap-1.5 rounded-md px-2.5 py-1 font-medium text-ink-2 text-sm aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent";

export function NodesViews() {
  return (
    <nav aria-label="Nodes as" className="flex rounded-lg border border-line-strong p-0.5 md:hidden">
      <Link to="/nodes" className={view} activeOptions={{ includeSearch: false }}>
        <List aria-hidden className="size-3.5" />
        List
      </Link>
      <Link to="/map" className={view} activeOptions={{ includeSearch: false }}>
        <LayoutGrid aria-hidden className="size-3.5" />
        Map
      </Link>
    </nav>
  );
}
