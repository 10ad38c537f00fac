// What a button opens is loaded and mounted when it is first opened: a long list has one in each row.
import {
  type ComponentProps,
  cloneElement,
  type ReactElement,
  type ReactNode,
  Suspense,
  useState,
} from "react";

export type Trigger = ReactElement<ComponentProps<"button">>;

interface Props {
  role: "menu" | "dialog";
  load: () => Promise<unknown>;
  trigger: Trigger;
  /** The whole, its trigger included. */
  children: ReactNode;
}

export function OpenedLate({ role, load, trigger, children }: Props) {
  const [wanted, setWanted] = useState(false);
  const prepare = () => void load().catch(() => undefined);
  const closed = cloneElement(trigger, {
    "aria-haspopup": role,
    "aria-expanded": false,
    onClick: () => setWanted(true),
    onPointerEnter: prepare,
    onFocus: prepare,
  });
  if (!wanted) return closed;
  return <Suspense fallback={closed}>{children}</Suspense>;
}
