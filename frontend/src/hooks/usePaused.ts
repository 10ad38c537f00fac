import { useEffect, useState } from "react";

const TYPING = 350;

/** What was typed, once the typing has paused. */
export function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), TYPING);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}
