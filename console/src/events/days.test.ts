process.env.TZ = "Europe/Berlin"; // clocks go forward on 28 March 2027 at 02:00, back on 31 October at 03:00

import { expect, test } from "vitest";
import { addDays, addMonths, atWall, daysBetween, daysFrom, fromLocal, monthWeeks, startOfDay, startOfWeek, toLocal, wallMinutes } from "./days.ts";

const at = (text: string) => fromLocal(text)!.atMs;
const HOUR = 3_600_000;

test("days are as long as the clocks make them", () => {
  const spring = daysFrom(at("2027-03-27"), 3);
  expect(spring.map(toLocal)).toEqual(["2027-03-27T00:00", "2027-03-28T00:00", "2027-03-29T00:00", "2027-03-30T00:00"]);
  expect([spring[1]! - spring[0]!, spring[2]! - spring[1]!].map((ms) => ms / HOUR)).toEqual([24, 23]);
  const autumn = daysFrom(at("2027-10-31"), 1);
  expect((autumn[1]! - autumn[0]!) / HOUR).toBe(25);
  expect([daysBetween(spring[0]!, spring[3]!), daysBetween(spring[3]!, spring[0]!)]).toEqual([3, -3]);
});

test("a day later is the same time on the wall, whatever the clocks do", () => {
  expect(toLocal(addDays(at("2027-03-27T20:00"), 1))).toBe("2027-03-28T20:00");
  expect(toLocal(addDays(at("2027-10-30T20:00"), 1))).toBe("2027-10-31T20:00");
  expect(toLocal(addDays(at("2027-03-27T02:30"), 1))).toBe("2027-03-28T03:30");
});

test("a month's page has six weeks from the first day of the week on", () => {
  const weeks = monthWeeks(at("2027-03-15T12:00"), 1);
  expect(weeks).toHaveLength(6);
  expect([weeks[0]![0]!, weeks[3]![6]!, weeks[5]![7]!].map(toLocal)).toEqual(["2027-03-01T00:00", "2027-03-28T00:00", "2027-04-12T00:00"]);
  expect(toLocal(monthWeeks(at("2027-03-15T12:00"), 0)[0]![0]!)).toBe("2027-02-28T00:00");
  expect(weeks.flat().every((day) => startOfDay(day) === day)).toBe(true);
});

test("weeks and months begin where they should", () => {
  expect(toLocal(startOfWeek(at("2027-03-28T23:59"), 1))).toBe("2027-03-22T00:00");
  expect(toLocal(startOfWeek(at("2027-03-28T00:00"), 0))).toBe("2027-03-28T00:00");
  expect([1, -1, 10].map((n) => toLocal(addMonths(at("2027-03-31T10:00"), n)))).toEqual(["2027-04-01T00:00", "2027-02-01T00:00", "2028-01-01T00:00"]);
});

test("a local time that the clocks skip or repeat is told", () => {
  expect(fromLocal("2027-03-28T02:30")).toEqual({ atMs: at("2027-03-28T03:30"), note: "skipped" });
  expect(fromLocal("2027-10-31T02:30")).toMatchObject({ note: "twice" });
  expect(fromLocal("2027-10-31T02:30")!.atMs).toBe(at("2027-10-31T01:30") + HOUR);
  expect(fromLocal("2027-10-31T03:30")).toMatchObject({ note: "" });
  for (const bad of ["", "soon", "2027-02-30T10:00", "2027-13-01T10:00", "27-01-01"]) expect(fromLocal(bad), bad).toBeUndefined();
});

test("minutes by the wall go both ways", () => {
  const day = at("2027-03-28");
  expect(wallMinutes(at("2027-03-28T20:15"))).toBe(1_215);
  expect(toLocal(atWall(day, 1_215))).toBe("2027-03-28T20:15");
  expect(toLocal(atWall(day, 150))).toBe("2027-03-28T03:30");
});
