/** Local days. A day is named by the moment it begins; its length is 23, 24 or 25 hours, so days are counted, never added up. */

export const MINUTE_MS = 60_000;
/** Minutes of a day by the wall clock. */
export const DAY_MINUTES = 1_440;

/** The beginning of the local day that a moment is in. */
export function startOfDay(atMs: number): number {
  const at = new Date(atMs);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

/** The same wall-clock time `days` later; a time that a change of the clocks skips is what the clock shows instead. */
export function addDays(atMs: number, days: number): number {
  const at = new Date(atMs);
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + days, at.getHours(), at.getMinutes(), at.getSeconds(), at.getMilliseconds()).getTime();
}

/** The number of days from one day's beginning to another's. */
export function daysBetween(fromDay: number, toDay: number): number {
  return Math.round((toDay - fromDay) / (DAY_MINUTES * MINUTE_MS));
}

/** The beginning of the week that a moment is in. `firstDay` is 0 for Sunday, 1 for Monday, …. */
export function startOfWeek(atMs: number, firstDay: number): number {
  const day = startOfDay(atMs);
  return addDays(day, -((new Date(day).getDay() - firstDay + 7) % 7));
}

/** `count` days from `firstMs` on, and where the last one ends. */
export function daysFrom(firstMs: number, count: number): number[] {
  return Array.from({ length: count + 1 }, (_, i) => startOfDay(addDays(firstMs, i)));
}

/** The six weeks that a month's page shows, each as eight bounds of days: always six, so that pages are equally high. */
export function monthWeeks(atMs: number, firstDay: number): number[][] {
  const at = new Date(atMs);
  const first = startOfWeek(new Date(at.getFullYear(), at.getMonth(), 1).getTime(), firstDay);
  return Array.from({ length: 6 }, (_, week) => daysFrom(addDays(first, week * 7), 7));
}

/** The first of the month that is `months` later. */
export function addMonths(atMs: number, months: number): number {
  const at = new Date(atMs);
  return new Date(at.getFullYear(), at.getMonth() + months, 1).getTime();
}

/** What the wall clock shows at a moment, in minutes since midnight. */
export function wallMinutes(atMs: number): number {
  const at = new Date(atMs);
  return at.getHours() * 60 + at.getMinutes();
}

/** The moment of a day at which the wall clock shows so many minutes since midnight. */
export function atWall(dayMs: number, minutes: number): number {
  const day = new Date(dayMs);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate(), 0, minutes).getTime();
}

const two = (n: number) => String(n).padStart(2, "0");

/** A moment as `<input type="datetime-local">` writes it, to the minute. */
export function toLocal(atMs: number): string {
  const at = new Date(atMs);
  return `${toLocalDay(atMs)}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A day as the page's address writes it: 2026-11-21. */
export function toLocalDay(atMs: number): string {
  const at = new Date(atMs);
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** A moment for a command line, on the viewer's clock with its zone: 2026-11-21T20:00+01:00. */
export function toZoned(atMs: number): string {
  const east = -new Date(atMs).getTimezoneOffset();
  return `${toLocal(atMs)}${east < 0 ? "-" : "+"}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
}

/** What a local time stands for. */
export interface Reading {
  atMs: number;
  /** "skipped": no clock shows it that day, and `atMs` is what it shows instead. "twice": it comes twice, and the first is meant. */
  note: "" | "skipped" | "twice";
}

/** Reads a local time; undefined when it is none. */
export function fromLocal(text: string): Reading | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?/.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour = 0, minute = 0] = parts.slice(1).map((part) => (part === undefined ? undefined : Number(part))) as number[];
  const at = new Date(year!, month! - 1, day, hour, minute);
  if (Number.isNaN(at.getTime()) || at.getMonth() !== month! - 1) return undefined;
  if (at.getHours() !== hour || at.getMinutes() !== minute) return { atMs: at.getTime(), note: "skipped" };
  // An hour is what clocks are changed by almost everywhere; Lord Howe Island's half an hour is looked for too.
  const again = [30, 60].some((minutes) => toLocal(at.getTime() + minutes * MINUTE_MS) === toLocal(at.getTime()));
  return { atMs: at.getTime(), note: again ? "twice" : "" };
}
