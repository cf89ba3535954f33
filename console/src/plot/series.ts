/** How a line is drawn: by its stroke, not by its colour alone. "behind" is filled, and stands behind the others. */
export type Look = "behind" | "line" | "dashed" | "dotted";

/** One line of a plot; a null is a gap. */
export interface Series {
  readonly key: string;
  readonly label: string;
  readonly look: Look;
  /** The name of a colour of the console's. */
  readonly tone: "accent" | "ink-2" | "ink-3" | "warn" | "bad" | "fill-4";
  /** Holds its value until the next moment, rather than going straight to the next one. */
  readonly steps?: boolean;
  readonly values: readonly (number | null)[];
}

/** Moments in milliseconds, and for each the numbers of each row, or nulls where nothing is known. */
export interface Grid<T> {
  readonly atMs: readonly number[];
  readonly rows: readonly (T | null)[];
}

/** A step may be this much late before what is missing is a gap. */
const LATE = 1.5;

/** Puts rows on a grid with a null where steps are missing, so that a plot shows a gap and not a line over it. */
export function withGaps<T>(rows: readonly T[], stepMs: number, atOf: (row: T) => number): Grid<T> {
  const atMs: number[] = [];
  const out: (T | null)[] = [];
  for (const row of rows) {
    const at = atOf(row);
    const last = atMs[atMs.length - 1];
    if (last !== undefined && at <= last) continue; // a plot's moments only go forward
    if (last !== undefined && stepMs > 0 && at - last > stepMs * LATE) {
      atMs.push(last + stepMs);
      out.push(null);
    }
    atMs.push(at);
    out.push(row);
  }
  return { atMs, rows: out };
}

/** One number of each row; what is not a number is a gap too. */
export function column<T>(grid: Grid<T>, of: (row: T) => number): (number | null)[] {
  return grid.rows.map((row) => {
    const value = row === null ? Number.NaN : of(row);
    return Number.isFinite(value) ? value : null;
  });
}

/** The places of values without a neighbour: a line alone would not show them. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  return found;
}

/** The place of the last moment that is not after `atMs`, among moments that go forward; -1 before the first. */
export function placeAt(atMs: readonly number[], at: number): number {
  let [low, high] = [0, atMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (atMs[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A round number not below `max` for the top of an axis; 1 for nothing. */
export function topOf(max: number): number {
  if (!(max > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12].map((m) => m * power).find((top) => top >= max * 1.02)!;
}
