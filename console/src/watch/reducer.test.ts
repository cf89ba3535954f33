import { ChangeType } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { describe, expect, test } from "vitest";
import { backoff, BACKOFF_FIRST_MS, BACKOFF_MAX_MS } from "./backoff.ts";
import { type Change, lost, opening, take, unheard, type WatchState } from "./reducer.ts";

interface Thing {
  name: string;
  at: number;
}
const thing = (name: string, at = 0): Thing => ({ name, at });
const added = (name: string, at = 0): Change<Thing> => ({ type: ChangeType.ADDED, item: thing(name, at) });
const modified = (name: string, at: number): Change<Thing> => ({ type: ChangeType.MODIFIED, item: thing(name, at) });
const deleted = (name: string): Change<Thing> => ({ type: ChangeType.DELETED, item: thing(name) });
const synced: Change<Thing> = { type: ChangeType.SYNCED, item: undefined };
const on = (state: WatchState<Thing>, ...changes: Change<Thing>[]) => take(state, changes, ({ name }) => name);
const names = (state: WatchState<Thing>) => [...state.items.keys()];

describe("a watch", () => {
  test("is live once everything that was there has been sent", () => {
    const half = on(unheard(), added("a"), added("b"));
    expect(half.phase).toBe("connecting");
    const whole = on(half, synced, modified("a", 2), deleted("b"), added("c"));
    expect(whole.phase).toBe("live");
    expect([...whole.items.values()]).toEqual([thing("a", 2), thing("c")]);
  });

  test("keeps showing what it knew while it reconnects, and drops what went away only when it is in step again", () => {
    const live = on(unheard(), added("stays"), added("went"), synced);
    const away = lost(live, "connection refused");
    expect([away.phase, away.problem, names(away)]).toEqual(["reconnecting", "connection refused", ["stays", "went"]]);
    const half = on(opening(away), added("stays", 9));
    expect([half.phase, names(half)]).toEqual(["reconnecting", ["stays", "went"]]);
    const back = on(half, synced);
    expect([back.phase, back.problem, [...back.items.values()]]).toEqual(["live", "", [thing("stays", 9)]]);
  });

  test("forgets what it half heard when the stream breaks before it was in step", () => {
    const live = on(unheard(), added("a"), synced);
    const half = on(opening(lost(live, "x")), added("a"), added("b"));
    const again = on(opening(lost(half, "x")), added("a"), synced);
    expect(names(again)).toEqual(["a"]);
  });

  test("says connecting, not reconnecting, while it never heard anything", () => {
    expect(lost(unheard(), "x").phase).toBe("connecting");
  });

  test("says so when it is refused", () => {
    expect(lost(on(unheard(), synced), "no", true).phase).toBe("refused");
  });

  test("never changes a value that a reader may hold", () => {
    const before = on(unheard(), added("a"), synced);
    on(before, deleted("a"), added("b"));
    expect(names(before)).toEqual(["a"]);
  });

  test("a deletion of what is not there changes nothing", () => {
    expect(names(on(unheard(), added("a"), synced, deleted("b")))).toEqual(["a"]);
  });
});

test("back-off doubles to its bound and takes up to half off", () => {
  expect(backoff(0, 0)).toBe(BACKOFF_FIRST_MS);
  expect(backoff(2, 0)).toBe(BACKOFF_FIRST_MS * 4);
  expect(backoff(1_000, 0)).toBe(BACKOFF_MAX_MS);
  expect(backoff(1_000, 0.999)).toBeGreaterThanOrEqual(BACKOFF_MAX_MS / 2);
});
