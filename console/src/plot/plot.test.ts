import { describe, expect, test } from "vitest";
import { keyRange, pan, SPAN_MS_MIN, within, zoom } from "./range.ts";
import { column, lonely, placeAt, topOf, withGaps } from "./series.ts";

describe("gaps", () => {
  const rows = (...at: number[]) => withGaps(at.map((t) => ({ t })), 10, ({ t }) => t);

  test("are where steps are missing, once however many are", () => {
    const grid = rows(0, 10, 20, 90, 100);
    expect([...grid.atMs]).toEqual([0, 10, 20, 30, 90, 100]);
    expect(column(grid, ({ t }) => t)).toEqual([0, 10, 20, null, 90, 100]);
  });

  test("are not where a step is a little late, or where no step is known", () => {
    expect([...rows(0, 10, 24, 34).atMs]).toEqual([0, 10, 24, 34]);
    expect([...withGaps([{ t: 0 }, { t: 9_999 }], 0, ({ t }) => t).atMs]).toEqual([0, 9_999]);
    expect(rows().atMs).toEqual([]);
  });

  test("are numbers that are none", () => {
    expect(column(rows(0, 10), ({ t }) => (t === 0 ? Number.NaN : Number.POSITIVE_INFINITY))).toEqual([null, null]);
  });

  test("moments that do not go forward are left out", () => {
    expect([...rows(0, 10, 10, 5, 20).atMs]).toEqual([0, 10, 20]);
  });

  test("a point between two gaps is drawn as a point", () => {
    expect(lonely([1, null, 2, null, 3, 4, null, 0])).toEqual([0, 2, 7]);
    expect(lonely([])).toEqual([]);
    expect(lonely([5])).toEqual([0]);
  });
});

test("the place of a moment is the last one not after it", () => {
  expect([-1, 0, 5, 10, 19, 20, 99].map((at) => placeAt([0, 10, 20], at))).toEqual([-1, 0, 0, 1, 1, 2, 2]);
  expect(placeAt([], 1)).toBe(-1);
});

test("an axis ends at a round number above all", () => {
  expect([0, Number.NaN, 0.4, 9.9, 12, 100, 1_300].map(topOf)).toEqual([1, 1, 0.5, 12, 15, 120, 1_500]);
  for (let n = 1; n < 5_000; n = n * 1.7) expect(topOf(n)).toBeGreaterThanOrEqual(n);
});

describe("a stretch of time", () => {
  const now = 10_000_000;
  const range = { fromMs: 2_000_000, toMs: 4_000_000 };

  test("goes along, at most until now", () => {
    expect(pan(range, 0.5, now)).toEqual({ fromMs: 3_000_000, toMs: 5_000_000 });
    expect(pan(range, -0.5, now)).toEqual({ fromMs: 1_000_000, toMs: 3_000_000 });
    expect(pan({ fromMs: 7_500_000, toMs: 9_500_000 }, 1, now)).toEqual({ fromMs: 8_000_000, toMs: now });
  });

  test("goes nearer around its middle, and at its end when it ends now", () => {
    expect(zoom(range, 0.5, now)).toEqual({ fromMs: 2_500_000, toMs: 3_500_000 });
    expect(zoom({ fromMs: 8_000_000, toMs: now }, 0.5, now)).toEqual({ fromMs: 9_000_000, toMs: now });
  });

  test("is never too short, and never in the future", () => {
    const short = within({ fromMs: 3_000_000, toMs: 3_000_100 }, now);
    expect(short.toMs - short.fromMs).toBe(SPAN_MS_MIN);
    expect(within({ fromMs: 9_990_000, toMs: 10_200_000 }, now)).toEqual({ fromMs: now - 210_000, toMs: now });
    expect(within({ fromMs: 4_000_000, toMs: 2_000_000 }, now)).toEqual(range);
  });

  test("is chosen by keys", () => {
    expect(keyRange("+", range, now)).toEqual(zoom(range, 0.5, now));
    expect(keyRange("ArrowLeft", range, now)).toEqual(pan(range, -0.2, now));
    expect(keyRange("x", range, now)).toBeUndefined();
  });
});
