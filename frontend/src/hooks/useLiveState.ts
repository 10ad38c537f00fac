import { useSyncExternalStore } from "react";
import { liveState } from "@/lib/liveState";

export const useLiveState = () => useSyncExternalStore(liveState.subscribe, liveState.get);
