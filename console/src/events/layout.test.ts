process.env.TZ = "Europe/Berlin";

import { describe, expect, test } from "vitest";
import { daysFrom, fromLocal } from "./days.ts";
import { BLOCK_MINUTES_MIN, layOutDay, layOutWeek, type Span } from "./layout.ts";

const at = (text: string) => fromLocal(text)!.atMs;
const span = (name: string, from: string, to: string): Span => ({ name, fromMs: at(from), toMs: at(to) });
const week = daysFrom(at("2027-03-22"), 7); // a Monday; the clocks go forward on the Sunday

describe("a week's bars", () => {
  const bars = (...spans: Span[]) => layOutWeek(week, spans).map(({ of, first, last, lane, before, after }) => `${of.name} ${before ? "<" : ""}${first}-${last}${after ? ">" : ""} in ${lane}`);

  test("take the lowest free lane, the longer first", () => {
    expect(bars(
      span("short", "2027-03-23T20:00", "2027-03-23T22:00"),
      span("long", "2027-03-23T20:00", "2027-03-25T22:00"),
      span("later", "2027-03-24T10:00", "2027-03-24T11:00"),
      span("after", "2027-03-26T10:00", "2027-03-26T11:00"),
    )).toEqual(["long 1-3 in 0", "short 1-1 in 1", "later 2-2 in 1", "after 4-4 in 0"]);
  });

  test("are cut at the week's ends", () => {
    expect(bars(span("through", "2027-03-01T00:00", "2027-04-20T00:00"))).toEqual(["through <0-6> in 0"]);
    expect(bars(span("gone", "2027-03-20T00:00", "2027-03-22T00:00"), span("next", "2027-03-29T00:00", "2027-03-29T01:00"))).toEqual([]);
  });

  test("what ends at midnight is not on the next day, also where the day has 23 hours", () => {
    expect(bars(span("night", "2027-03-27T20:00", "2027-03-28T00:00"), span("sunday", "2027-03-28T23:30", "2027-03-29T00:00"))).toEqual(["night 5-5 in 0", "sunday 6-6 in 0"]);
  });
});

describe("a day's blocks", () => {
  const blocks = (day: string, ...spans: Span[]) => {
    const [from, to] = daysFrom(at(day), 1);
    return layOutDay(from!, to!, spans).map(({ of, top, bottom, column, columns }) => `${of.name} ${top}-${bottom} ${column + 1}/${columns}`);
  };

  test("that overlap share the width; that follow each other do not", () => {
    expect(blocks("2027-03-24",
      span("a", "2027-03-24T10:00", "2027-03-24T12:00"),
      span("b", "2027-03-24T11:00", "2027-03-24T13:00"),
      span("c", "2027-03-24T12:00", "2027-03-24T14:00"),
      span("d", "2027-03-24T14:00", "2027-03-24T15:00"),
    )).toEqual(["a 600-720 1/2", "b 660-780 2/2", "c 720-840 1/2", "d 840-900 1/1"]);
  });

  test("go to midnight when they last longer, and are never too low to read", () => {
    expect(blocks("2027-03-24", span("late", "2027-03-24T22:00", "2027-03-25T02:00"), span("short", "2027-03-24T23:55", "2027-03-24T23:58"))).toEqual([
      "late 1320-1440 1/2", `short ${1_440 - BLOCK_MINUTES_MIN}-1440 2/2`,
    ]);
    expect(blocks("2027-03-25", span("late", "2027-03-24T22:00", "2027-03-25T02:00"))).toEqual(["late 0-120 1/1"]);
  });

  test("stand by the wall clock where the clocks change", () => {
    expect(blocks("2027-03-28", span("over the gap", "2027-03-28T01:00", "2027-03-28T04:00"))).toEqual(["over the gap 60-240 1/1"]);
    // 02:45 summer time to 02:15 winter time: 30 minutes, backwards on the wall.
    const back = { name: "back", fromMs: at("2027-10-31T02:45"), toMs: at("2027-10-31T02:45") + 30 * 60_000 };
    expect(blocks("2027-10-31", back)).toEqual(["back 165-195 1/1"]);
  });
});
