// Listens for all squares at once: pointing shows a card, clicking leads to the service, arrows move between squares.
import { useRouter } from "@tanstack/react-router";
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import type { MapTask } from "@/api/nodes";
import type { Node } from "@/api/types";
import { nextSquare } from "./movement";
import { TaskCard } from "./TaskCard";

interface Props {
  tasks: ReadonlyMap<string, MapTask>;
  nodes: ReadonlyMap<string, Node>;
  children: ReactNode;
}

const squareAt = (target: EventTarget) =>
  target instanceof Element ? target.closest<HTMLElement>("[data-task]") : null;

export function Stage({ tasks, nodes, children }: Props) {
  const router = useRouter();
  const stage = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState<{ id: string; at: DOMRect } | null>(null);
  const show = useCallback((square: HTMLElement | null) => {
    const id = square?.dataset["task"];
    setSeen((now) =>
      square === null || id === undefined
        ? null
        : now?.id === id
          ? now
          : { id, at: square.getBoundingClientRect() },
    );
  }, []);
  // One square is on the way of the Tab key; which one follows the focus.
  useEffect(() => {
    const root = stage.current;
    if (root !== null && root.querySelector('[data-task][tabindex="0"]') === null)
      root.querySelector<HTMLElement>("[data-task]")?.setAttribute("tabindex", "0");
  });
  useEffect(() => {
    if (seen === null) return;
    const hide = () => setSeen(null);
    addEventListener("scroll", hide, { passive: true });
    return () => removeEventListener("scroll", hide);
  }, [seen]);
  const focused = (square: HTMLElement) => {
    for (const other of stage.current?.querySelectorAll('[data-task][tabindex="0"]') ?? [])
      other.setAttribute("tabindex", "-1");
    square.setAttribute("tabindex", "0");
    show(square);
  };
  const key = (event: KeyboardEvent) => {
    const square = squareAt(event.target);
    if (square === null || stage.current === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return show(null);
    const next = nextSquare(stage.current, square, event.key);
    if (next === null) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const click = (event: MouseEvent) => {
    const square = squareAt(event.target);
    const task = tasks.get(square?.dataset["task"] ?? "");
    if (task === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void router.navigate({ to: "/services/$name", params: { name: task.service }, search: { tab: "tasks" } });
  };
  const task = seen === null ? undefined : tasks.get(seen.id);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens for the links in it
    <div
      ref={stage}
      onPointerOver={(event) => event.pointerType === "mouse" && show(squareAt(event.target))}
      onPointerLeave={() => show(null)}
      onFocus={(event) => {
        const square = squareAt(event.target);
        if (square !== null) focused(square);
      }}
      onBlur={() => show(null)}
      onKeyDown={key}
      onClick={click}
    >
      {children}
      {seen !== null && task !== undefined && (
        <TaskCard task={task} node={nodes.get(task.node_id ?? "")} at={seen.at} />
      )}
    </div>
  );
}
