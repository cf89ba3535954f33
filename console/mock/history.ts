import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { type HistoryPoint, HistoryPointSchema, HistoryService } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { millis } from "../src/i18n/format.ts";

const HOUR = 3_600_000;
/** The steps that a recorder keeps. */
const STEPS_MS = [10_000, 60_000, 600_000, HOUR];

/** The share of a day's highest demand at a moment: low at night, high in the evening, and a little noise. */
function demand(atMs: number): number {
  const hour = (atMs / HOUR) % 24;
  const noise = Math.sin(atMs / 97_000) * 0.03 + Math.sin(atMs / 13_000) * 0.015;
  return Math.max(0.05, 0.5 + 0.42 * Math.sin(((hour - 13) / 24) * 2 * Math.PI) + noise);
}

function pointAt(atMs: number, stepMs: number, scale: number): HistoryPoint {
  const d = demand(atMs);
  const sessions = d * 60 * scale;
  const wanted = Math.ceil(demand(atMs + 120_000) * 12 * scale) + 2;
  const open = Math.ceil(d * 12 * scale) + 1;
  const hours = (open + 1) * (stepMs / HOUR);
  const rush = demand(atMs + 60_000) - d > 0.012;
  return create(HistoryPointSchema, {
    at: timestampFromMs(atMs), serversWanted: wanted, serversOpen: open, serversReady: 1, serversStarting: Math.max(0, wanted - open - 1), serversLeaving: 0,
    sessions, sessionsActive: sessions * 0.86, sessionSlots: open * 6, players: sessions * 14, seats: open * 120, playersMax: sessions * 15.5,
    joins: BigInt(Math.round((sessions * stepMs) / 120_000)), sessionsBegun: BigInt(Math.round((sessions * stepMs) / 900_000)), refusals: 0n, waits: rush ? 2n : 0n,
    waitSecondsMean: rush ? 1.2 : 0, waitSecondsMax: rush ? 4.1 : 0, serverHours: hours, idleServerHours: hours * Math.max(0, 0.35 - d * 0.3), cost: hours * 0.0725,
  });
}

/** A made-up history, with an hour in the middle of every ninth that was not recorded. */
export function serveHistory(router: ConnectRouter, size: string, open: () => void = () => {}) {
  router.service(HistoryService, {
    getHistory: ({ route, since, until, maxPoints }) => {
      open();
      const to = millis(until) ?? Date.now();
      const from = millis(since) ?? to - HOUR;
      const stepMs = STEPS_MS.find((step) => (to - from) / step <= (maxPoints || 500)) ?? 6 * HOUR;
      const first = Math.ceil(from / stepMs) * stepMs;
      const places = Array.from({ length: Math.max(0, Math.floor((to - first) / stepMs) + 1) }, (_, i) => first + i * stepMs);
      const recorded = size === "empty" ? [] : size === "one" ? places.slice(-1) : places.filter((at) => Math.floor(at / HOUR) % 9 !== 4 || at % HOUR > HOUR / 2);
      return { step: durationFromMs(stepMs), points: recorded.map((at) => pointAt(at, stepMs, route === "" ? 1 : 0.4)) };
    },
    getCosts: () => {
      open();
      if (size === "empty") return {};
      const fleets = [
        { fleet: "rooms-green", serverHours: 214.6, idleServerHours: 38.2, playerHours: 18_240, currency: "USD", cost: 15.56, idleCost: 2.77, costPerPlayerHour: 0.000_853 },
        { fleet: "rooms-next", serverHours: 96.1, idleServerHours: 8.4, playerHours: 9_980, currency: "USD", cost: 5.57, idleCost: 0.49, costPerPlayerHour: 0.000_558 },
        { fleet: "rooms-old", serverHours: 24, idleServerHours: 24, playerHours: 0, currency: "", cost: 0, idleCost: 0, costPerPlayerHour: 0 },
      ];
      return { fleets: size === "one" ? fleets.slice(0, 1) : fleets };
    },
  });
}
