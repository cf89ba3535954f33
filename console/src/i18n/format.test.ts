import { expect, test } from "vitest";
import { formatter, millis, spanMillis } from "./format.ts";

const en = formatter("en");
const ja = formatter("ja");
const noon = new Date(2026, 10, 21, 12, 0, 0).getTime();

test("a share is never rounded to all or nothing", () => {
  expect([0, 0.001, 0.5, 0.999, 1].map(en.percent)).toEqual(["0%", "1%", "50%", "99%", "100%"]);
});

test("weights show as many places as they need", () => {
  expect([0, 100, 50_000, 1_000_000, 333_333].map(en.ppm)).toEqual(["0%", "0.01%", "5%", "100%", "33.3333%"]);
});

test("times are relative and coarse, to both sides", () => {
  const at = (ms: number) => en.relative(noon + ms, noon);
  expect([0, -4_999, -5_000, -61_000, -7_200_000, 90_000_000].map(at)).toEqual(["just now", "just now", "5 sec. ago", "1 min. ago", "2 hr. ago", "in 1 day"]);
  expect(ja.relative(noon - 120_000, noon)).toBe("2 分前");
});

test("the clock names the day only when it is another one", () => {
  expect(en.clock(noon + 3_600_000, noon)).toBe("13:00");
  expect(en.clock(noon + 13 * 3_600_000, noon)).toBe("Nov 22 01:00");
  expect(en.clock(noon - 12 * 3_600_000, noon, true)).toBe("00:00:00");
});

test("a span is in its largest whole unit", () => {
  expect([30_000, 90_000, 300_000, 3_600_000].map(en.span)).toEqual(["30 seconds", "90 seconds", "5 minutes", "1 hour"]);
  expect(ja.span(30_000)).toBe("30 秒");
});

test("a length of time is told with its parts, a wait in few digits", () => {
  expect([0, 45_000, 5_400_000, 90_061_000].map(en.length)).toEqual(["0 sec", "45 sec", "1 hr 30 min", "1 day 1 hr 1 min 1 sec"]);
  expect(ja.length(5_400_000)).toBe("1 時間30 分");
  expect([0, 0.1234, 4.26, 62].map(en.wait)).toEqual(["0s", "0.12s", "4.3s", "1 min 2 sec"]);
});

test("money and measures keep the digits that say something", () => {
  expect([0, 0.000_853_4, 15.561, 1_234].map((value) => en.money(value, "USD"))).toEqual(["USD 0.00", "USD 0.000853", "USD 15.56", "USD 1,234.00"].map((text) => text.replace(" ", "\u00a0")));
  expect(en.money(900, "JPY")).toBe("JPY\u00a0900");
  expect([0, 0.0333, 9.018, 99.96, 214.6].map(en.measure)).toEqual(["0", "0.0333", "9.02", "100", "215"]);
});

test("the contract's times in milliseconds", () => {
  expect(millis(undefined)).toBeUndefined();
  expect(millis({ $typeName: "google.protobuf.Timestamp", seconds: 2n, nanos: 500_000_000 })).toBe(2_500);
  expect(spanMillis({ $typeName: "google.protobuf.Duration", seconds: 1n, nanos: 0 })).toBe(1_000);
  expect(spanMillis(undefined, 7)).toBe(7);
});
