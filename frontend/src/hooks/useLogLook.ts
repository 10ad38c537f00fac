// How one person likes logs to look, kept in this browser.
import { useState } from "react";

export interface LogLook {
  wrap: boolean;
  times: boolean;
  nodes: boolean;
}

const KEY = "log-look";
const usual: LogLook = { wrap: true, times: true, nodes: false };

function kept(): LogLook {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const look = { ...usual };
    for (const key of ["wrap", "times", "nodes"] as const) {
      const value = (read as Partial<LogLook> | null)?.[key];
      if (typeof value === "boolean") look[key] = value;
    }
    return look;
  } catch {
    return usual;
  }
}

export function useLogLook(): [LogLook, (change: Partial<LogLook>) => void] {
  const [look, setLook] = useState(kept);
  return [
    look,
    (change) => {
      const next = { ...look, ...change };
      setLook(next);
      try {
        localStorage.setItem(KEY, JSON.stringify(next));
      } catch {
        // Blocked storage: it looks so until the page is left.
      }
    },
  ];
}
