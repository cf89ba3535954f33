import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { useEffect } from "react";
import { useHouse } from "../app/context.tsx";
import type { WatchState } from "../watch/reducer.ts";
import { useWatch } from "../watch/useWatch.ts";
import { EVERY_MS } from "./record.ts";

/** Rollouts, live; while somebody looks, what their gates say is remembered for the plots. */
export function useRollouts(): WatchState<Rollout> {
  const { api, gates } = useHouse();
  const watch = useWatch(api.watch.rollouts);
  const { items, phase } = watch;
  useEffect(() => {
    if (phase !== "live") return;
    const take = () => document.visibilityState === "visible" && gates.take(items.values(), Date.now());
    take();
    const timer = setInterval(take, EVERY_MS); // a gate that says the same again says so too
    return () => clearInterval(timer);
  }, [gates, items, phase]);
  return watch;
}
