import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type HistoryPoint, HistoryPointSchema } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { expect, test } from "vitest";
import { translator } from "../i18n/translate.ts";
import { chartsOf, gridOf, seriesOf, sumsOf } from "./charts.ts";
import { historyCommand } from "./HistoryPage.tsx";

const t = translator("en");
const point = (atMs: number, values: Partial<HistoryPoint>) => create(HistoryPointSchema, { at: timestampFromMs(atMs), ...(values as object) });
const labels = (...of: Parameters<typeof seriesOf>) => seriesOf(...of).map(({ label }) => label);

test("counts over a step are shown by the minute, whatever the step", () => {
  const joins = (stepMs: number, n: bigint) => seriesOf("joins", gridOf([point(0, { joins: n })], stepMs), stepMs, {}, t)[0]!.values[0];
  expect([joins(10_000, 5n), joins(60_000, 30n), joins(600_000, 300n)]).toEqual([30, 30, 30]);
  expect(joins(0, 5n)).toBe(0);
});

test("a missing step is a gap in every line", () => {
  const grid = gridOf([point(0, { serversOpen: 3 }), point(60_000, { serversOpen: 4 }), point(600_000, { serversOpen: 5 })], 60_000);
  const servers = seriesOf("servers", grid, 60_000, {}, t);
  expect(servers.find(({ key }) => key === "series.open")!.values).toEqual([3, 4, null, 5]);
  expect(servers[0]).toMatchObject({ key: "series.wanted", look: "behind" });
  expect(servers.every(({ values }) => values[2] === null)).toBe(true);
});

test("a route has no servers, slots or seats", () => {
  const grid = gridOf([], 0);
  expect(chartsOf({ route: "plaza" })).toEqual(["sessions", "players", "joins"]);
  expect(labels("sessions", grid, 0, { route: "plaza" }, t)).toEqual(["sessions", "with players"]);
  expect(labels("players", grid, 0, { fleet: "rooms" }, t)).toEqual(["seats", "players", "most in the step"]);
});

test("a stretch in numbers", () => {
  expect(sumsOf([])).toMatchObject({ serverHours: 0, idleShare: 0, peakPlayers: 0 });
  expect(sumsOf([
    point(0, { serverHours: 2, idleServerHours: 1, joins: 4n, waits: 1n, waitSecondsMax: 2.5, players: 10, playersMax: 12 }),
    point(1, { serverHours: 6, idleServerHours: 1, joins: 3n, refusals: 2n, waitSecondsMax: 1, players: 20 }),
  ])).toEqual({ serverHours: 8, idleShare: 0.25, peakPlayers: 20, joins: 7, refusals: 2, waits: 1, longestWaitSeconds: 2.5 });
});

test("the command that prints the same", () => {
  expect(historyCommand({ fleet: "rooms" }, { fromMs: 0, toMs: 3_600_500 })).toBe("greenroom history --fleet rooms --since 1970-01-01T00:00:00Z --until 1970-01-01T01:00:00Z");
  expect(historyCommand({}, "7d")).toBe("greenroom history --since 7d");
});
