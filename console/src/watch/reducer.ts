import { ChangeType } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";

/** Where a watch is: nothing yet, up to date, or showing what it last knew while it finds its way back. */
export type WatchPhase = "connecting" | "live" | "reconnecting" | "refused";

/** What a watch has gathered. Never changed in place: each change makes a new value, so that a reader can keep one. */
export interface WatchState<T> {
  readonly phase: WatchPhase;
  readonly items: ReadonlyMap<string, T>;
  /** Keys seen since the stream was opened again; null once it is in step. */
  readonly seen: ReadonlySet<string> | null;
  /** Why it is not live: the last error's sentence. */
  readonly problem: string;
}

/** One message of a watch stream, whatever it watches. */
export interface Change<T> {
  readonly type: ChangeType;
  readonly item: T | undefined;
}

/** The state before anything was heard. */
export function unheard<T>(): WatchState<T> {
  return { phase: "connecting", items: new Map(), seen: new Set(), problem: "" };
}

/** A stream is about to be opened: what is known stays on show until the new stream is in step. */
export function opening<T>(state: WatchState<T>): WatchState<T> {
  return { ...state, seen: new Set() };
}

/** The stream was lost (`refused`: and trying again is useless). */
export function lost<T>(state: WatchState<T>, problem: string, refused = false): WatchState<T> {
  const never = state.phase === "connecting" && state.items.size === 0;
  return { ...state, phase: refused ? "refused" : never ? "connecting" : "reconnecting", seen: new Set(), problem };
}

/**
 * Takes changes in their order. Items that the new stream does not name are dropped when it is in step, not before, so
 * that a reconnection makes nothing blink.
 */
export function take<T>(state: WatchState<T>, changes: readonly Change<T>[], keyOf: (item: T) => string): WatchState<T> {
  if (changes.length === 0) return state;
  const items = new Map(state.items);
  let seen = state.seen === null ? null : new Set(state.seen);
  let phase = state.phase;
  for (const { type, item } of changes) {
    if (type === ChangeType.SYNCED) {
      if (seen !== null) for (const key of [...items.keys()]) if (!seen.has(key)) items.delete(key);
      seen = null;
      phase = "live";
    } else if (item !== undefined && type === ChangeType.DELETED) {
      items.delete(keyOf(item));
    } else if (item !== undefined) {
      items.set(keyOf(item), item);
      seen?.add(keyOf(item));
    }
  }
  return { phase, items, seen, problem: phase === "live" ? "" : state.problem };
}
