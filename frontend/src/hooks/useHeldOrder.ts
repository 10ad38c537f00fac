// Rows stay where they are while one points at them: what is aimed at must not be something else at the click.
import { useMemo, useRef, useState } from "react";
import type { Service } from "@/api/types";
import { inHeldOrder } from "@/lib/serviceOrder";

/** `about`: what one asked for; when that changes the order may, too. */
export function useHeldOrder(services: Service[], about: string) {
  const [pointed, setPointed] = useState(false);
  const held = useRef<{ about: string; places: Map<string, number> } | null>(null);
  const order = useMemo(() => {
    const before = held.current;
    const next = pointed && before?.about === about ? inHeldOrder(services, before.places) : services;
    held.current = { about, places: new Map(next.map((service, index) => [service.name, index])) };
    return next;
  }, [services, about, pointed]);
  const moved = order !== services && order.some((service, index) => service !== services[index]);
  return {
    order,
    /** Whether the list would stand otherwise if nobody pointed at it. */
    held: moved,
    pointing: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
    },
  };
}
