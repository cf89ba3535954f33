import type { SimulatePoint, SimulateResult } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { millis } from "../i18n/format.ts";
import type { Translate } from "../i18n/translate.ts";
import { column, type Grid, type Look, type Series, topOf, withGaps } from "../plot/series.ts";

/** What was spent as a multiple of what clairvoyance would have needed; undefined without a bound. */
export function ratio({ serverHours, boundServerHours }: Pick<SimulateResult, "serverHours" | "boundServerHours">): number | undefined {
  return boundServerHours > 0 ? serverHours / boundServerHours : undefined;
}

/** What is drawn for each policy. */
export type PlotName = "servers" | "sessions" | "waiting";
export const plotNames: readonly PlotName[] = ["servers", "sessions", "waiting"];

interface Line {
  readonly label: MessageKey;
  readonly look: Look;
  readonly tone: Series["tone"];
  readonly of: (point: SimulatePoint) => number;
}

const lines: Record<PlotName, readonly Line[]> = {
  servers: [
    { label: "simulate.bound", look: "behind", tone: "fill-4", of: (p) => p.boundServers },
    { label: "simulate.servers", look: "line", tone: "accent", of: (p) => p.servers },
    { label: "series.open", look: "dashed", tone: "ink-2", of: (p) => p.serversOpen },
  ],
  sessions: [
    { label: "series.sessions", look: "line", tone: "accent", of: (p) => p.sessions },
  ],
  waiting: [
    { label: "simulate.waiting", look: "line", tone: "warn", of: (p) => p.waiting },
  ],
};

/** One plot of one policy. */
export interface PolicyPlot {
  readonly policy: string;
  readonly atMs: readonly number[];
  readonly series: readonly Series[];
}

/** The same plot of every policy, with one top for all, so that they can be compared. */
export function plotsOf(name: PlotName, results: readonly SimulateResult[], t: Translate): { top: number; plots: PolicyPlot[] } {
  let most = 0;
  const plots = results.map(({ policy, points }) => {
    const grid: Grid<SimulatePoint> = withGaps(points, 0, (point) => millis(point.at) ?? 0);
    const series = lines[name].map(({ label, look, tone, of }) => ({ key: label, label: t(label), look, tone, steps: true, values: column(grid, of) }));
    for (const { values } of series) for (const value of values) if (value !== null && value > most) most = value;
    return { policy, atMs: grid.atMs, series };
  });
  return { top: topOf(most), plots };
}

const columns = [
  "policy", "server_hours", "bound_server_hours", "idle_server_hours", "player_hours", "currency", "cost", "cost_per_player_hour", "joins", "joins_waited",
  "joins_failed", "wait_seconds_p50", "wait_seconds_p99", "wait_seconds_max", "sessions", "sessions_moved", "hash",
] as const;

function rowOf(result: SimulateResult): Record<(typeof columns)[number], string | number> {
  return {
    policy: result.policy, server_hours: result.serverHours, bound_server_hours: result.boundServerHours, idle_server_hours: result.idleServerHours,
    player_hours: result.playerHours, currency: result.currency, cost: result.cost, cost_per_player_hour: result.costPerPlayerHour,
    joins: Number(result.joins), joins_waited: Number(result.joinsWaited), joins_failed: Number(result.joinsFailed),
    wait_seconds_p50: result.waitSecondsP50, wait_seconds_p99: result.waitSecondsP99, wait_seconds_max: result.waitSecondsMax,
    sessions: Number(result.sessions), sessions_moved: Number(result.sessionsMoved), hash: result.hash,
  };
}

/** The table as a CSV file, by the contract's names. */
export function csvOf(results: readonly SimulateResult[]): string {
  const cell = (value: string | number) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  const rows = results.map((result) => columns.map((name) => cell(rowOf(result)[name])).join(","));
  return `${[columns.join(","), ...rows].join("\n")}\n`;
}

/** The table and the plots' points as a JSON file. */
export function jsonOf(results: readonly SimulateResult[]): string {
  const all = results.map((result) => ({
    ...rowOf(result),
    points: result.points.map((p) => ({
      at: new Date(millis(p.at) ?? 0).toISOString(), bound_servers: p.boundServers, servers: p.servers, servers_open: p.serversOpen,
      sessions: p.sessions, players: p.players, waiting: p.waiting,
    })),
  }));
  return `${JSON.stringify(all, null, 2)}\n`;
}
