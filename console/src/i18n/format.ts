import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Language } from "./catalogue.ts";
import { translator } from "./translate.ts";

/** Numbers and times as one language writes them. */
export interface Format {
  number(value: number): string;
  /** A round number of an axis, short: 20K. */
  compact(value: number): string;
  /** A share of 1: whole percents, but never "100 %" or "0 %" of what is not quite that. */
  percent(share: number): string;
  /** Parts per million as a percentage with as many places as it needs: 100 is 0.01 %. */
  ppm(value: number): string;
  /** How long ago or ahead, coarse: "2 min ago". */
  relative(atMs: number, nowMs: number): string;
  /** The wall clock: 20:14, with seconds when asked, with the day when it is not today. */
  clock(atMs: number, nowMs: number, seconds?: boolean): string;
  /** Everything about a moment, for tooltips. */
  full(atMs: number): string;
  /** A length of time: "90 s", "5 min". */
  span(ms: number): string;
  /** A length of time with its parts: "1 hr 30 min". */
  length(ms: number): string;
  /** How long somebody waited: "0.12 s", "4.2 s", "1 min 2 s". */
  wait(seconds: number): string;
  /** A measured number: three digits that say something, whole from 100 up. */
  measure(value: number): string;
  /** An amount of money with as many places as it needs to say something. */
  money(value: number, currency: string): string;
  /** A day: "Sat 21 Nov"; `moment` with its time. */
  day(atMs: number): string;
  moment(atMs: number): string;
  /** Only the time of the day: 20:00. */
  time(atMs: number): string;
  month(atMs: number): string;
  weekday(atMs: number): string;
  /** The viewer's time zone at a moment: "Europe/Berlin (GMT+1)". */
  zone(atMs: number): string;
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** Builds the formats of a language in the viewer's time zone. */
export function formatter(language: Language): Format {
  const t = translator(language);
  const number = new Intl.NumberFormat(language);
  const compact = new Intl.NumberFormat(language, { notation: "compact" });
  const percent = new Intl.NumberFormat(language, { style: "percent" });
  const fine = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 4 });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "always", style: "short" });
  const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" });
  const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, options);
  const time = dates({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = dates({ weekday: "short", day: "numeric", month: "short" });
  const moment = dates({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const month = dates({ month: "long", year: "numeric" });
  const weekday = dates({ weekday: "short" });
  const zone = dates({ timeZoneName: "shortOffset" });
  const measure = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  const fewSeconds = new Intl.NumberFormat(language, { style: "unit", unit: "second", unitDisplay: "narrow", maximumSignificantDigits: 2 });
  const short = Object.fromEntries(
    units.map(([name]) => [name, new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" })]),
  );
  const unit = Object.fromEntries(
    units.map(([name]) => [name, new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "long" })]),
  );
  const length = (ms: number) => {
    const parts: string[] = [];
    let left = Math.round(ms / 1_000) * 1_000;
    for (const [name, size] of units) {
      const whole = Math.floor(left / size);
      if (whole > 0) parts.push(short[name]!.format(whole));
      left -= whole * size;
    }
    return parts.length === 0 ? short.second!.format(0) : parts.join(language === "ja" ? "" : " ");
  };
  return {
    number: (value) => number.format(value),
    compact: (value) => (value < 10_000 ? number : compact).format(value),
    percent: (share) => percent.format(share > 0 && share < 0.01 ? 0.01 : share < 1 && share > 0.99 ? 0.99 : share),
    ppm: (value) => fine.format(value / 1_000_000),
    relative: (atMs, nowMs) => {
      const delta = atMs - nowMs;
      if (Math.abs(delta) < 5_000) return t("time.now");
      const [name, size] = units.find(([, size]) => Math.abs(delta) >= size) ?? units[3];
      return relative.format(Math.trunc(delta / size), name);
    },
    clock: (atMs, nowMs, seconds = false) => {
      const at = new Date(atMs);
      const wall = seconds ? dates({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", second: "2-digit" }) : time;
      if (at.toDateString() === new Date(nowMs).toDateString()) return wall.format(at);
      return `${dates({ month: "short", day: "numeric" }).format(at)} ${wall.format(at)}`;
    },
    full: (atMs) => full.format(atMs),
    span: (ms) => {
      const exact = [...units].find(([, size]) => ms >= size && ms % size === 0) ?? units[3];
      return unit[exact[0]]!.format(Math.round(ms / exact[1]));
    },
    length,
    wait: (seconds) => (seconds >= 60 ? length(seconds * 1_000) : fewSeconds.format(seconds)),
    measure: (value) => (Math.abs(value) >= 100 ? number.format(Math.round(value)) : measure.format(value)),
    money: (value, currency) => money(language, value, currency),
    day: (atMs) => day.format(atMs),
    moment: (atMs) => moment.format(atMs),
    time: (atMs) => time.format(atMs),
    month: (atMs) => month.format(atMs),
    weekday: (atMs) => weekday.format(atMs),
    zone: (atMs) => `${zone.resolvedOptions().timeZone} (${zone.formatToParts(atMs).find(({ type }) => type === "timeZoneName")?.value ?? "UTC"})`,
  };
}

/** Money in its currency's places, or, below one, in three significant digits: a player-hour costs parts of a cent. */
function money(language: Language, value: number, currency: string): string {
  const small = value !== 0 && Math.abs(value) < 1;
  const digits = small ? { maximumSignificantDigits: 3 } : {};
  return new Intl.NumberFormat(language, { style: "currency", currency, currencyDisplay: "code", ...digits }).format(value);
}

/** A contract timestamp in milliseconds since 1970; undefined when it is unset. */
export function millis(at: Timestamp | undefined): number | undefined {
  return at === undefined ? undefined : Number(at.seconds) * 1000 + at.nanos / 1e6;
}

/** A contract duration in milliseconds; `unset` when it is unset. */
export function spanMillis(of: Duration | undefined, unset = 0): number {
  return of === undefined ? unset : Number(of.seconds) * 1000 + of.nanos / 1e6;
}
