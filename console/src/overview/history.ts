import type { HistoryPoint } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { millis } from "../i18n/format.ts";

/** How long the strip chart looks back, in milliseconds. */
export const SPAN_MS = 10 * 60_000;
/** One sample a second. */
export const SAMPLE_MS = 1_000;

/** One moment of the strip chart, or the mean of a step around it. */
export interface Sample {
  readonly atMs: number;
  /** How long a time it stands for, in milliseconds. */
  readonly stepMs: number;
  readonly players: number;
  readonly open: number;
  readonly ready: number;
}

/** Adds a sample and drops what is older than the span. */
export function record(history: readonly Sample[], sample: Sample): Sample[] {
  const from = history.findIndex(({ atMs }) => atMs >= sample.atMs - SPAN_MS);
  return [...(from < 0 ? [] : history.slice(from)), sample];
}

/** What Greenroom remembers of before the page was opened, up to `untilMs`: its steps' means, each at the middle of its step. */
export function remembered(points: readonly HistoryPoint[], stepMs: number, untilMs: number): Sample[] {
  return points
    .map(({ at, players, serversOpen, serversReady }) => ({
      atMs: (millis(at) ?? 0) + stepMs / 2, stepMs, players: Math.round(players), open: Math.round(serversOpen), ready: Math.round(serversReady),
    }))
    .filter(({ atMs }) => atMs > untilMs - SPAN_MS && atMs < untilMs);
}

/** The time that the chart shows: at least one minute, growing with the history to its span. */
export function shownSpan(history: readonly Sample[]): number {
  const first = history[0];
  const last = history[history.length - 1];
  if (first === undefined || last === undefined) return 60_000;
  return Math.min(SPAN_MS, Math.max(60_000, Math.ceil((last.atMs - first.atMs) / 60_000) * 60_000));
}

/** The top of an axis over `max`: 1, 2 or 5 times a power of ten, never below `least`. */
export function niceTop(max: number, least: number): number {
  const want = Math.max(max * 1.05, least);
  const power = 10 ** Math.floor(Math.log10(want));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((top) => top >= want && Number.isInteger(top)) ?? 10 * power;
}

/** Splits a history where the page was not listening, so that the chart shows a gap and not a line. */
export function stretches(history: readonly Sample[]): Sample[][] {
  const all: Sample[][] = [];
  for (const sample of history) {
    const current = all[all.length - 1];
    const last = current?.[current.length - 1];
    if (current !== undefined && last !== undefined && sample.atMs - last.atMs < Math.max(SAMPLE_MS * 4, last.stepMs * 1.5)) current.push(sample);
    else all.push([sample]);
  }
  return all;
}
