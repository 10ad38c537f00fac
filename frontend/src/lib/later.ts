// Parts of the page that are loaded later, when the network may just have hiccuped.
import { type ComponentType, lazy } from "react";

const PAUSES = [300, 1_500];

export function later<P>(load: () => Promise<{ default: ComponentType<P> }>) {
  return lazy(async () => {
    for (const pause of PAUSES) {
      try {
        return await load();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    return load();
  });
}
