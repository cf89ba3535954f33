import type { HistoryPoint } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { millis } from "../i18n/format.ts";
import type { Translate } from "../i18n/translate.ts";
import { column, type Grid, type Series, withGaps } from "../plot/series.ts";

/** What is drawn together. */
export type ChartName = "servers" | "sessions" | "players" | "joins";

/** Of whom the history is. A route has no servers, slots or seats of its own. */
export interface Subject {
  readonly fleet?: string;
  readonly route?: string;
}

interface Line extends Omit<Series, "label" | "values" | "key"> {
  readonly label: MessageKey;
  readonly of: (point: HistoryPoint, perMinute: number) => number;
  /** Known by fleet only. */
  readonly fleetOnly?: boolean;
}

const lines: Record<ChartName, readonly Line[]> = {
  servers: [
    { label: "series.wanted", look: "behind", tone: "fill-4", steps: true, of: (p) => p.serversWanted },
    { label: "series.open", look: "line", tone: "accent", steps: true, of: (p) => p.serversOpen },
    { label: "series.ready", look: "dashed", tone: "ink-2", steps: true, of: (p) => p.serversReady },
    { label: "series.starting", look: "dotted", tone: "ink-2", steps: true, of: (p) => p.serversStarting },
    { label: "series.leaving", look: "dotted", tone: "warn", steps: true, of: (p) => p.serversLeaving },
  ],
  sessions: [
    { label: "series.slots", look: "behind", tone: "fill-4", of: (p) => p.sessionSlots, fleetOnly: true },
    { label: "series.sessions", look: "line", tone: "accent", of: (p) => p.sessions },
    { label: "series.active", look: "dashed", tone: "ink-2", of: (p) => p.sessionsActive },
  ],
  players: [
    { label: "series.seats", look: "behind", tone: "fill-4", of: (p) => p.seats, fleetOnly: true },
    { label: "series.players", look: "line", tone: "accent", of: (p) => p.players },
    { label: "series.playersMax", look: "dotted", tone: "ink-2", of: (p) => p.playersMax },
  ],
  joins: [
    { label: "series.joins", look: "line", tone: "accent", of: (p, perMinute) => Number(p.joins) * perMinute },
    { label: "series.waits", look: "dashed", tone: "warn", of: (p, perMinute) => Number(p.waits) * perMinute },
    { label: "series.refusals", look: "dotted", tone: "bad", of: (p, perMinute) => Number(p.refusals) * perMinute },
  ],
};

/** The charts that a subject has. */
export function chartsOf({ route }: Subject): ChartName[] {
  return route === undefined ? ["servers", "sessions", "players", "joins"] : ["sessions", "players", "joins"];
}

/** A history on a grid with its gaps. */
export function gridOf(points: readonly HistoryPoint[], stepMs: number): Grid<HistoryPoint> {
  return withGaps(points, stepMs, (point) => millis(point.at) ?? 0);
}

/** The lines of one chart. Counts over a step are shown by the minute, so that they mean the same at every zoom. */
export function seriesOf(chart: ChartName, grid: Grid<HistoryPoint>, stepMs: number, subject: Subject, t: Translate): Series[] {
  const perMinute = stepMs > 0 ? 60_000 / stepMs : 0;
  return lines[chart]
    .filter(({ fleetOnly }) => fleetOnly !== true || subject.route === undefined)
    .map(({ label, of, look, tone, steps = false }) => ({ key: label, label: t(label), look, tone, steps, values: column(grid, (point) => of(point, perMinute)) }));
}

/** A stretch of history in numbers. */
export interface Sums {
  serverHours: number;
  /** Share of the server-hours with no session, 0 to 1. */
  idleShare: number;
  peakPlayers: number;
  joins: number;
  refusals: number;
  waits: number;
  longestWaitSeconds: number;
}

/** Adds a history up. */
export function sumsOf(points: readonly HistoryPoint[]): Sums {
  const add = (of: (point: HistoryPoint) => number | bigint) => points.reduce((sum, point) => sum + Number(of(point)), 0);
  const most = (of: (point: HistoryPoint) => number) => points.reduce((top, point) => Math.max(top, of(point)), 0);
  const serverHours = add((p) => p.serverHours);
  return {
    serverHours,
    idleShare: serverHours > 0 ? Math.min(1, add((p) => p.idleServerHours) / serverHours) : 0,
    peakPlayers: most((p) => Math.max(p.playersMax, p.players)),
    joins: add((p) => p.joins),
    refusals: add((p) => p.refusals),
    waits: add((p) => p.waits),
    longestWaitSeconds: most((p) => p.waitSecondsMax),
  };
}
