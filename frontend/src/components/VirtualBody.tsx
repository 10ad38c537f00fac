// Rows of a table that the window scrolls: a long list has only those in the document that are near the view.
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type ReactNode,
  type RefObject,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

/** So many are drawn without more ado: searching in the page finds them. */
const AT_ONCE = 100;

interface Props<T> {
  items: readonly T[];
  /** The usual height of a row. */
  estimate: number;
  keyOf: (item: T) => string;
  /** How long the list is without its filter: one that is long stays as it is drawn while one types. */
  whole?: number;
  /** Brings a row into the document and into sight. */
  reach?: RefObject<((index: number) => void) | null>;
  children: (item: T, place: { index: number; ref?: (row: HTMLElement | null) => void }) => ReactNode;
}

export function VirtualBody<T>(props: Props<T>) {
  if (Math.max(props.items.length, props.whole ?? 0) > AT_ONCE) return <Windowed {...props} />;
  return <tbody className="block">{props.items.map((item, index) => props.children(item, { index }))}</tbody>;
}

function Windowed<T>({ items, estimate, keyOf, reach, children }: Props<T>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [margin, setMargin] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what stands above may grow when the list changes
  useLayoutEffect(() => {
    const top = body.current?.getBoundingClientRect().top;
    if (top !== undefined) setMargin(top + globalThis.scrollY);
  }, [items]);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => estimate,
    overscan: 6,
    scrollMargin: margin,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : keyOf(item);
    },
  });
  useImperativeHandle(reach, () => (index: number) => rows.scrollToIndex(index, { align: "auto" }), [rows]);
  const shown = rows.getVirtualItems();
  const before = (shown[0]?.start ?? margin) - margin;
  const after = rows.getTotalSize() - ((shown.at(-1)?.end ?? margin) - margin);
  return (
    <tbody ref={body} className="block" style={{ paddingTop: before, paddingBottom: Math.max(0, after) }}>
      {shown.map(({ index }) => {
        const item = items[index];
        return item === undefined ? null : children(item, { index, ref: rows.measureElement });
      })}
    </tbody>
  );
}
