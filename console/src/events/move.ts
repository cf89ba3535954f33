import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { millis, spanMillis } from "../i18n/format.ts";
import { addDays, MINUTE_MS } from "./days.ts";
import type { PhaseName, Shown } from "./phase.ts";

/** Times in the week's page are set in steps of this many minutes; with Shift, of an hour. */
export const STEP_MINUTES = 15;

/** Where an event would go. */
export interface Place {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Only an event whose doors are closed is moved: one that is open can be edited, to end later. */
export function mayMove(phase: PhaseName): boolean {
  return phase === "planned" || phase === "preparing" || phase === "prepared";
}

/** Moves the doors by days on the wall clock, then by minutes; how long the event lasts stays as it is. */
export function moveBy(from: Place, days: number, minutes: number): Place {
  const doors = addDays(from.fromMs, days) + minutes * MINUTE_MS;
  return { fromMs: doors, toMs: doors + (from.toMs - from.fromMs) };
}

/** The days and minutes that a key moves by, with Alt held; undefined for another key. */
export function keyMove(key: string, shift: boolean, view: "month" | "week"): { days: number; minutes: number } | undefined {
  const minutes = shift ? 60 : STEP_MINUTES;
  switch (key) {
    case "ArrowLeft":
      return { days: -1, minutes: 0 };
    case "ArrowRight":
      return { days: 1, minutes: 0 };
    case "ArrowUp":
      return view === "month" ? { days: -7, minutes: 0 } : { days: 0, minutes: -minutes };
    case "ArrowDown":
      return view === "month" ? { days: 7, minutes: 0 } : { days: 0, minutes };
    default:
      return undefined;
  }
}

/** What moving an event would touch. */
export interface Touch {
  /** Slots that stand for it now and are let go of until the new preparation; 0 when they are kept. */
  released: number;
  /** Preparation would begin at once, since the doors open so soon. */
  atOnce: boolean;
  /** The new doors are in the past: they would be open at once. */
  doorsPast: boolean;
  /** It would be over already. */
  over: boolean;
  /** Titles of other events of the route at the new time, whose capacity adds up. */
  overlaps: readonly string[];
}

/** The contract's lead when an event sets none; Greenroom takes more where servers take long. */
export const DEFAULT_LEAD_MS = 300_000;

/** Says what a move to `to` touches, from what is known of all events. */
export function touchOf(event: Event, to: Place, all: readonly Shown[], nowMs: number): Touch {
  const lead = spanMillis(event.spec?.lead) || leadSeen(event) || DEFAULT_LEAD_MS;
  const prepares = to.fromMs - lead;
  const stands = event.status?.slotsStanding ?? 0;
  return {
    released: prepares > nowMs ? stands : 0,
    atOnce: prepares <= nowMs && to.fromMs > nowMs,
    doorsPast: to.fromMs <= nowMs,
    over: to.toMs <= nowMs,
    overlaps: overlapping(event, to, all).map(({ title }) => title),
  };
}

/** Other events of the same route, not over yet, whose time overlaps `at`. */
export function overlapping(event: Pick<Event, "name" | "spec">, at: Place, all: readonly Shown[]): Shown[] {
  return all.filter((other) => other.name !== event.name && other.phase !== "over" && other.event.spec?.route === event.spec?.route && other.fromMs < at.toMs && other.toMs > at.fromMs);
}

/** The lead that Greenroom itself chose. */
function leadSeen(event: Event): number {
  const prepares = millis(event.status?.preparesAt);
  const doors = millis(event.spec?.doorsAt);
  return prepares === undefined || doors === undefined ? 0 : Math.max(0, doors - prepares);
}
