import { type Event, EventPhase } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { millis } from "../i18n/format.ts";
import type { Span } from "./layout.ts";

const names = ["planned", "planned", "preparing", "prepared", "open", "over"] as const;

/** A phase's name in the catalogue and in class names. */
export type PhaseName = (typeof names)[number];

/** An event as the calendar draws it. */
export interface Shown extends Span {
  readonly event: Event;
  readonly phase: PhaseName;
  /** Its title, or its name where it has none. */
  readonly title: string;
}

/** The name of an event's phase; one that Greenroom has not looked at yet is told by the clock. */
export function phaseName(event: Event, nowMs: number): PhaseName {
  const phase = event.status?.phase ?? EventPhase.UNSPECIFIED;
  if (phase !== EventPhase.UNSPECIFIED) return names[phase] ?? "planned";
  const doors = millis(event.spec?.doorsAt) ?? 0;
  const ends = millis(event.spec?.endsAt) ?? 0;
  return nowMs >= ends ? "over" : nowMs >= doors ? "open" : "planned";
}

/** Events as the calendar draws them. */
export function shownOf(events: Iterable<Event>, nowMs: number): Shown[] {
  return [...events].map((event) => ({
    name: event.name,
    event,
    title: event.spec?.title || event.name,
    phase: phaseName(event, nowMs),
    fromMs: millis(event.spec?.doorsAt) ?? 0,
    toMs: millis(event.spec?.endsAt) ?? 0,
  }));
}

/** The share of what an event wants that stands, 0 to 1; nothing wanted is all there. */
export function standing(event: Event): number {
  const wanted = event.status?.slotsWanted ?? 0;
  return wanted === 0 ? 1 : Math.min(1, (event.status?.slotsStanding ?? 0) / wanted);
}

/** The event that is on people's minds: the first that is open, else the next whose doors open. */
export function nextOf(shown: readonly Shown[]): Shown | undefined {
  const ahead = shown.filter(({ phase }) => phase !== "over").sort((a, b) => a.fromMs - b.fromMs);
  return ahead.find(({ phase }) => phase === "open") ?? ahead[0];
}
