import { useSyncExternalStore } from "react";
import type { WatchState } from "./reducer.ts";
import type { Watcher } from "./watcher.ts";

/** Follows a watch for as long as the component is on the page. */
export function useWatch<T>(watcher: Watcher<T>): WatchState<T> {
  return useSyncExternalStore(watcher.subscribe, watcher.snapshot);
}
