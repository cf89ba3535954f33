import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { HistoryPointSchema } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { ServerSchema } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { describe, expect, test } from "vitest";
import { niceTop, record, remembered, type Sample, shownSpan, SPAN_MS, stretches } from "./history.ts";
import { totalsOf, verdictOf } from "./totals.ts";

const open = create(ServerSchema, { state: ServerState.OPEN, seatCapacity: 100, sessionCapacity: 4, sessions: 3, seatsClaimed: 40, seatsReserved: 5 });
const draining = create(ServerSchema, { state: ServerState.DRAINING, seatCapacity: 100, sessionCapacity: 4, sessions: 1, seatsClaimed: 7 });
const ready = create(ServerSchema, { state: ServerState.READY, seatCapacity: 100, sessionCapacity: 4 });
const waiting = create(RouteSchema, { status: { waiting: 3 } });

test("only open servers count as room for more", () => {
  expect(totalsOf([open, draining, ready], [waiting])).toMatchObject({ players: 47, reserved: 5, sessions: 4, openSeats: 100, openSeatsTaken: 45, freeSlots: 1, servers: 3, open: 1, ready: 1, draining: 1, waiting: 3 });
});

test("is everybody playing?", () => {
  expect(verdictOf(totalsOf([open], []))).toBe("playing");
  expect(verdictOf(totalsOf([open], [waiting]))).toBe("waiting");
  expect(verdictOf(totalsOf([create(ServerSchema, { state: ServerState.OPEN })], []))).toBe("empty");
  expect(verdictOf(totalsOf([ready], []))).toBe("closed");
});

describe("the strip chart's history", () => {
  const at = (atMs: number): Sample => ({ atMs, stepMs: 1_000, players: 1, open: 1, ready: 0 });

  test("keeps its span and no more", () => {
    const kept = record([at(0), at(1_000), at(2_000)], at(SPAN_MS + 1_500));
    expect(kept.map(({ atMs }) => atMs)).toEqual([2_000, SPAN_MS + 1_500]);
    expect(record([at(0)], at(SPAN_MS * 3))).toHaveLength(1);
  });

  test("shows a gap where nobody listened", () => {
    expect(stretches([at(0), at(1_000), at(9_000), at(10_000)]).map((run) => run.length)).toEqual([2, 2]);
    expect(stretches([])).toEqual([]);
  });

  test("begins with what Greenroom remembers, step by step, and goes on live without a gap", () => {
    const point = (atMs: number, players: number) => create(HistoryPointSchema, { at: timestampFromMs(atMs), players, serversOpen: 1.6, serversReady: 0.4 });
    const now = 20 * 60_000 + 20_000;
    const before = remembered([point(now - SPAN_MS * 2, 1), point(18 * 60_000, 6.6), point(19 * 60_000, 8), point(20 * 60_000, 9)], 60_000, now);
    expect(before).toEqual([
      { atMs: 18 * 60_000 + 30_000, stepMs: 60_000, players: 7, open: 2, ready: 0 },
      { atMs: 19 * 60_000 + 30_000, stepMs: 60_000, players: 8, open: 2, ready: 0 },
    ]);
    expect(stretches([...before, at(now), at(now + 1_000)])).toHaveLength(1);
    expect(stretches([before[0]!, at(now)])).toHaveLength(2);
  });

  test("grows its span by whole minutes to its bound", () => {
    expect(shownSpan([])).toBe(60_000);
    expect(shownSpan([at(0), at(61_000)])).toBe(120_000);
    expect(shownSpan([at(0), at(SPAN_MS * 2)])).toBe(SPAN_MS);
  });

  test("axes end on a round number above everything", () => {
    expect([0, 9, 10, 95, 96, 204, 1_000].map((max) => niceTop(max, 10))).toEqual([10, 10, 20, 100, 200, 250, 2_000]);
    expect(niceTop(2, 4)).toBe(5);
    for (let max = 0; max < 5_000; max += 7) expect(niceTop(max, 4)).toBeGreaterThanOrEqual(max);
  });
});
