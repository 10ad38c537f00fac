// How this user wants the list of services to look, in this browser.
import { useSyncExternalStore } from "react";
import { listViews } from "@/lib/listView";

export const useListView = (user: string) =>
  useSyncExternalStore(listViews.subscribe, () => listViews.get(user));
