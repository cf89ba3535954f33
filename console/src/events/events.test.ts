process.env.TZ = "Europe/Berlin";

import { create, fromJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createRouterTransport } from "@connectrpc/connect";
import { type Event, EventPhase, EventSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { describe, expect, test } from "vitest";
import { Gatherings } from "../../mock/events.ts";
import { apiOn } from "../api/api.ts";
import { millis } from "../i18n/format.ts";
import { readSpan, writeSpan } from "../parts/span.ts";
import { differences } from "./conflict.ts";
import { fromLocal, toLocal } from "./days.ts";
import { applyCommand, check, createCommand, draftOf, eventOf, moveCommand, movedTo, nameFor, newDraft } from "./form.ts";
import { keyMove, mayMove, moveBy, touchOf } from "./move.ts";
import { nextOf, phaseName, shownOf } from "./phase.ts";
import { applyEvent } from "./useApply.ts";

const at = (text: string) => fromLocal(text)!.atMs;
const noon = at("2027-03-27T12:00");
const event = (name: string, from: string, to: string, more: { route?: string; slotsStanding?: number; phase?: EventPhase; lead?: bigint } = {}): Event =>
  create(EventSchema, {
    name, generation: 3n,
    spec: { route: more.route ?? "plaza", title: name.toUpperCase(), attendance: 500, doorsAt: timestampFromMs(at(from)), endsAt: timestampFromMs(at(to)), lead: more.lead === undefined ? undefined : { seconds: more.lead } },
    status: { phase: more.phase ?? EventPhase.PLANNED, slotsStanding: more.slotsStanding ?? 0 },
  });

describe("the form", () => {
  const good = { ...newDraft(at("2027-03-28T20:00"), "plaza"), title: "Launch", name: "launch", attendance: "500" };

  test("a new event lasts two hours, and is good with a name and an attendance", () => {
    expect(toLocal(at(good.ends))).toBe("2027-03-28T22:00");
    expect(check(good, noon)).toEqual({});
  });

  test("says what is wrong by field", () => {
    const wrong = (change: Partial<typeof good>) => check({ ...good, ...change }, noon);
    expect(wrong({ name: "Launch!" })).toEqual({ name: "event.bad.name" });
    expect(wrong({ route: "" })).toEqual({ route: "event.bad.route" });
    expect(wrong({ doors: "" })).toEqual({ doors: "event.bad.time" });
    expect(wrong({ ends: good.doors })).toEqual({ ends: "event.bad.ends" });
    expect(wrong({ ends: "2027-04-29T20:00" })).toEqual({ ends: "event.bad.long" });
    expect(wrong({ doors: "2027-03-27T09:00", ends: "2027-03-27T10:00" })).toEqual({ ends: "event.bad.past" });
    for (const attendance of ["", "0", "-1", "1.5", "many", "10000001"]) expect(wrong({ attendance }), attendance).toEqual({ attendance: "event.bad.attendance" });
    expect(wrong({ perSession: "0" })).toEqual({ perSession: "event.bad.perSession" });
    expect(wrong({ lead: "5" })).toEqual({ lead: "event.bad.span" });
    expect(wrong({ ramp: "2d" })).toEqual({ ramp: "event.bad.spanLong" });
  });

  test("an event that is there may have ended; a new one not", () => {
    const past = { ...good, doors: "2027-03-26T20:00", ends: "2027-03-26T22:00" };
    expect(check(past, noon, event("launch", "2027-03-26T20:00", "2027-03-26T22:00"))).toEqual({});
  });

  test("makes the event, and keeps what it does not show", () => {
    const made = eventOf({ ...good, lead: "1h 30m", perSession: "40" });
    expect(made.spec).toMatchObject({ route: "plaza", attendance: 500, playersPerSession: 40, lead: { seconds: 5_400n } });
    expect(made.spec?.ramp).toBeUndefined();
    const before = create(EventSchema, { ...event("launch", "2027-03-28T20:00", "2027-03-28T22:00"), labels: { team: "a" } });
    before.spec!.doorsAt = timestampFromMs(at("2027-03-28T20:00") + 12_345);
    const kept = eventOf({ ...draftOf(before), title: "New" }, before);
    expect([kept.labels, kept.generation, millis(kept.spec!.doorsAt)]).toEqual([{ team: "a" }, 3n, at("2027-03-28T20:00") + 12_345]);
  });

  test("names an event by its title, or by its day", () => {
    expect(nameFor("Été: the BIG one!", noon)).toBe("ete-the-big-one");
    expect(nameFor("20 years", noon)).toBe("years");
    expect(nameFor("冬の市", noon)).toBe("event-2027-03-27");
    expect(check({ ...good, name: nameFor("x".repeat(200), noon) }, noon)).toEqual({});
  });

  test("shows the commands that do the same", () => {
    const made = eventOf({ ...good, title: "Ann's launch", ramp: "20m", lead: "1h 30m", perSession: "40" });
    expect(createCommand(made)).toBe("greenroom event create launch --route plaza --doors 2027-03-28T20:00+02:00 --for 2h --attendance 500 --players-per-session 40 --lead 1h30m --ramp 20m --title 'Ann'\\''s launch'");
    expect(moveCommand("launch", { fromMs: at("2027-03-27T20:00") })).toBe("greenroom event move launch --doors 2027-03-27T20:00+01:00");
    expect(applyCommand(eventOf({ ...good, title: "Launch: part 1", ramp: "20m" }))).toBe(`greenroom apply -f - <<'YAML'
kind: Event
name: launch
spec:
  route: plaza
  doors_at: "2027-03-28T18:00:00Z"
  ends_at: "2027-03-28T20:00:00Z"
  attendance: 500
  ramp: 1200s
  title: "Launch: part 1"
YAML`);
  });
});

test("spans are read and written", () => {
  expect(["5m", "1h30m", "90 s", "1.5h", "", "2d", "10min"].map(readSpan)).toEqual([300_000, 5_400_000, 90_000, 5_400_000, 0, 172_800_000, 600_000]);
  for (const bad of ["5", "m", "5 apples", "-5m", "1h30"]) expect(readSpan(bad), bad).toBeUndefined();
  for (const ms of [0, 1_000, 90_000, 5_400_000, 90_061_000]) expect(readSpan(writeSpan(ms))).toBe(ms);
});

describe("moving", () => {
  const one = event("one", "2027-03-27T20:00", "2027-03-27T23:00");
  const [shown] = shownOf([one], noon);

  test("keeps the time on the wall and how long it lasts", () => {
    const to = moveBy(shown!, 1, 0);
    expect([toLocal(to.fromMs), to.toMs - to.fromMs]).toEqual(["2027-03-28T20:00", 3 * 3_600_000]);
    const over = moveBy(shownOf([event("n", "2027-03-27T01:00", "2027-03-27T04:00")], noon)[0]!, 1, 0);
    expect([toLocal(over.fromMs), toLocal(over.toMs)]).toEqual(["2027-03-28T01:00", "2027-03-28T05:00"]);
    expect(toLocal(moveBy(shown!, -1, -45).fromMs)).toBe("2027-03-26T19:15");
  });

  test("by keys: days in the month, days and quarters of an hour in the week", () => {
    expect(keyMove("ArrowUp", false, "month")).toEqual({ days: -7, minutes: 0 });
    expect(keyMove("ArrowDown", false, "week")).toEqual({ days: 0, minutes: 15 });
    expect(keyMove("ArrowUp", true, "week")).toEqual({ days: 0, minutes: -60 });
    expect(keyMove("ArrowRight", false, "week")).toEqual({ days: 1, minutes: 0 });
    expect(keyMove("a", false, "week")).toBeUndefined();
  });

  test("is for events whose doors are closed", () => {
    expect((["planned", "preparing", "prepared", "open", "over"] as const).map(mayMove)).toEqual([true, true, true, false, false]);
  });

  test("says what it touches", () => {
    const prepared = event("one", "2027-03-27T12:05", "2027-03-27T14:00", { slotsStanding: 12, phase: EventPhase.PREPARED });
    const all = shownOf([prepared, event("two", "2027-03-28T13:00", "2027-03-28T15:00"), event("elsewhere", "2027-03-28T13:00", "2027-03-28T15:00", { route: "voice" }), event("done", "2027-03-28T13:00", "2027-03-28T15:00", { phase: EventPhase.OVER })], noon);
    const to = (text: string, minutes = 115) => touchOf(prepared, { fromMs: at(text), toMs: at(text) + minutes * 60_000 }, all, noon);
    expect(to("2027-03-28T12:05")).toEqual({ released: 12, atOnce: false, doorsPast: false, over: false, overlaps: ["TWO"] });
    expect(to("2027-03-27T12:04")).toMatchObject({ released: 0, atOnce: true, overlaps: [] });
    expect(to("2027-03-27T11:00")).toMatchObject({ doorsPast: true, over: false });
    expect(to("2027-03-27T11:00", 30)).toMatchObject({ over: true });
    expect(touchOf(event("one", "2027-03-27T20:00", "2027-03-27T21:00", { lead: 36_000n }), { fromMs: at("2027-03-27T21:00"), toMs: at("2027-03-27T22:00") }, all, noon)).toMatchObject({ atOnce: true });
  });
});

test("phases come from Greenroom, and from the clock until it has looked", () => {
  const unlooked = event("a", "2027-03-27T11:00", "2027-03-27T13:00", { phase: EventPhase.UNSPECIFIED });
  expect([at("2027-03-27T10:00"), noon, at("2027-03-27T13:00")].map((now) => phaseName(unlooked, now))).toEqual(["planned", "open", "over"]);
  expect(phaseName(event("a", "2027-03-27T11:00", "2027-03-27T13:00", { phase: EventPhase.PREPARED }), noon)).toBe("prepared");
  expect(phaseName({ ...unlooked, status: { ...unlooked.status!, phase: 99 as EventPhase } }, noon)).toBe("planned");
  const shown = shownOf([event("later", "2027-03-29T10:00", "2027-03-29T11:00"), event("soon", "2027-03-28T10:00", "2027-03-28T11:00"), event("done", "2027-03-20T10:00", "2027-03-20T11:00", { phase: EventPhase.OVER })], noon);
  expect(nextOf(shown)?.name).toBe("soon");
  expect(nextOf([])).toBeUndefined();
});

describe("applying, against a Greenroom in this process", () => {
  const house = () => {
    const gatherings = new Gatherings("one");
    const { events } = apiOn(createRouterTransport((router) => gatherings.serve(router)));
    return { gatherings, events };
  };

  test("moves an event, and not in a dry run", async () => {
    const { gatherings, events } = house();
    const before = gatherings.get("launch-party");
    const doors = millis(before.spec!.doorsAt)!;
    const moved = movedTo(before, { fromMs: doors + 3_600_000, toMs: doors + 7_200_000 });
    expect((await applyEvent(events, moved, true)).is).toBe("done");
    expect(millis(gatherings.get("launch-party").spec!.doorsAt)).toBe(doors);
    expect((await applyEvent(events, moved)).is).toBe("done");
    expect([millis(gatherings.get("launch-party").spec!.doorsAt), gatherings.get("launch-party").generation]).toEqual([doors + 3_600_000, 2n]);
  });

  test("a change by somebody else is told with both values", async () => {
    const { gatherings, events } = house();
    const before = gatherings.get("launch-party");
    gatherings.apply(create(EventSchema, { ...before, spec: { ...before.spec!, attendance: 30_000 } }), false);
    const came = await applyEvent(events, create(EventSchema, { ...before, spec: { ...before.spec!, attendance: 25_000 } }));
    if (came.is !== "conflict" || came.theirs === undefined) throw new Error(came.is);
    expect(differences(came.mine, came.theirs)).toEqual([{ field: "attendance", mine: "25000", theirs: "30000" }]);
    expect([came.mine.generation, came.theirs.generation]).toEqual([1n, 2n]);
  });

  test("a cancellation by somebody else is told", async () => {
    const { gatherings, events } = house();
    const before = gatherings.get("launch-party");
    gatherings.table.drop("launch-party");
    expect(await applyEvent(events, before)).toMatchObject({ is: "conflict", theirs: undefined });
  });

  test("a refusal is told in Greenroom's words", async () => {
    const { events } = house();
    const late = fromJson(EventSchema, { name: "late", spec: { route: "plaza", attendance: 1, doors_at: "2020-01-01T00:00:00Z", ends_at: "2020-01-01T01:00:00Z" } as never });
    expect(await applyEvent(events, late)).toEqual({ is: "failed", problem: "event late is over already" });
  });
});
