import { DAY_MINUTES, startOfDay, wallMinutes } from "./days.ts";

/** Something with a beginning and an end, in milliseconds. */
export interface Span {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A span as a bar over the columns of a week. */
export interface Bar<T extends Span> {
  readonly of: T;
  /** Columns, 0 to 6, both included. */
  readonly first: number;
  readonly last: number;
  /** The row within the week. */
  readonly lane: number;
  /** It began in an earlier week, or goes on in a later one. */
  readonly before: boolean;
  readonly after: boolean;
}

/** Spans in the order that calendars read: by beginning, the longer first, then by name. */
export function inOrder<T extends Span>(spans: readonly T[]): T[] {
  return [...spans].sort((a, b) => a.fromMs - b.fromMs || b.toMs - a.toMs || (a.name < b.name ? -1 : 1));
}

/** Lays spans out as bars over a week, whose days begin at `bounds` (the last bound is its end). Bars of one lane never touch. */
export function layOutWeek<T extends Span>(bounds: readonly number[], spans: readonly T[]): Bar<T>[] {
  const start = bounds[0]!;
  const end = bounds[bounds.length - 1]!;
  const taken: number[] = []; // by lane: the last column in use
  return inOrder(spans).filter(({ fromMs, toMs }) => fromMs < end && lastMoment(fromMs, toMs) >= start).map((of) => {
    const first = columnOf(bounds, Math.max(of.fromMs, start));
    const last = Math.max(first, columnOf(bounds, Math.min(lastMoment(of.fromMs, of.toMs), end - 1)));
    let lane = taken.findIndex((column) => column < first);
    if (lane < 0) lane = taken.length;
    taken[lane] = last;
    return { of, first, last, lane, before: of.fromMs < start, after: lastMoment(of.fromMs, of.toMs) >= end };
  });
}

/** What ends at midnight is not on the day that begins then. */
function lastMoment(fromMs: number, toMs: number): number {
  return Math.max(fromMs, toMs - 1);
}

function columnOf(bounds: readonly number[], atMs: number): number {
  let column = 0;
  while (column + 2 < bounds.length && atMs >= bounds[column + 1]!) column++;
  return column;
}

/** The part of a span that is on one day, in minutes by the wall clock, and where it stands beside others. */
export interface Block<T extends Span> {
  readonly of: T;
  readonly top: number;
  readonly bottom: number;
  /** Its column of `columns` that share this part of the day. */
  readonly column: number;
  readonly columns: number;
  readonly before: boolean;
  readonly after: boolean;
}

/** No block is lower than this: it must be read and grasped. */
export const BLOCK_MINUTES_MIN = 30;

/** Lays spans out on one day's column, those that overlap beside each other. */
export function layOutDay<T extends Span>(dayMs: number, endMs: number, spans: readonly T[]): Block<T>[] {
  const blocks = inOrder(spans).filter(({ fromMs, toMs }) => fromMs < endMs && lastMoment(fromMs, toMs) >= dayMs).map((of) => {
    const before = of.fromMs < dayMs;
    const after = of.toMs > endMs;
    const top = Math.min(before ? 0 : wallMinutes(of.fromMs), DAY_MINUTES - BLOCK_MINUTES_MIN);
    const bottom = after || startOfDay(of.toMs) >= endMs ? DAY_MINUTES : wallMinutes(of.toMs);
    // The clocks may go back meanwhile, so that it ends earlier than it began.
    return { of, top, bottom: Math.max(bottom, top + BLOCK_MINUTES_MIN), before, after };
  });
  return groups(blocks).flatMap((group) => inColumns(group));
}

/** Groups of blocks that overlap, one with the next. */
function groups<B extends { top: number; bottom: number }>(blocks: readonly B[]): B[][] {
  const all: B[][] = [];
  let until = -1;
  for (const block of [...blocks].sort((a, b) => a.top - b.top)) {
    if (block.top >= until) all.push([]);
    all[all.length - 1]!.push(block);
    until = Math.max(until, block.bottom);
  }
  return all;
}

function inColumns<B extends { top: number; bottom: number }>(group: readonly B[]): (B & { column: number; columns: number })[] {
  const ends: number[] = [];
  const placed = group.map((block) => {
    let column = ends.findIndex((end) => end <= block.top);
    if (column < 0) column = ends.length;
    ends[column] = block.bottom;
    return { ...block, column };
  });
  return placed.map((block) => ({ ...block, columns: ends.length }));
}
