import { create } from "@bufbuild/protobuf";
import { type Duration, durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Event, EventSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { millis, spanMillis } from "../i18n/format.ts";
import { word } from "../parts/shell.ts";
import { flagSpan, readSpan, writeSpan } from "../parts/span.ts";
import { manifestOf } from "../parts/yaml.ts";
import { fromLocal, toLocal, toLocalDay, toZoned } from "./days.ts";

/** What stands in the form's fields. */
export interface Draft {
  title: string;
  name: string;
  route: string;
  doors: string;
  ends: string;
  attendance: string;
  perSession: string;
  lead: string;
  ramp: string;
}

export type Field = keyof Draft;
export type Problems = Partial<Record<Field, MessageKey>>;

/** The contract's bounds. */
export const LASTS_MS_MAX = 31 * 86_400_000;
const ATTENDANCE_MAX = 10_000_000;
const PER_SESSION_MAX = 10_000;
const SPAN_MS_MAX = 86_400_000;

/** A new event at a moment, two hours long. */
export function newDraft(doorsMs: number, route: string): Draft {
  return { title: "", name: "", route, doors: toLocal(doorsMs), ends: toLocal(doorsMs + 2 * 3_600_000), attendance: "", perSession: "", lead: "", ramp: "" };
}

/** The form's fields for an event that is there. */
export function draftOf(event: Event): Draft {
  const { spec } = event;
  return {
    title: spec?.title ?? "",
    name: event.name,
    route: spec?.route ?? "",
    doors: toLocal(millis(spec?.doorsAt) ?? 0),
    ends: toLocal(millis(spec?.endsAt) ?? 0),
    attendance: String(spec?.attendance ?? ""),
    perSession: spec?.playersPerSession ? String(spec.playersPerSession) : "",
    lead: writeSpan(spanMillis(spec?.lead)),
    ramp: writeSpan(spanMillis(spec?.ramp)),
  };
}

/** A name that the contract takes, from a title; one without Latin letters is named by its day. */
export function nameFor(title: string, doorsMs: number): string {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const name = plain.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 50).replace(/-+$/, "");
  return name === "" ? `event-${toLocalDay(doorsMs)}` : name;
}

/** Tells what is wrong with a draft, by field. `before` is the event being changed. */
export function check(draft: Draft, nowMs: number, before?: Event): Problems {
  const problems: Problems = {};
  const doors = fromLocal(draft.doors)?.atMs;
  const ends = fromLocal(draft.ends)?.atMs;
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(draft.name) || draft.name.length > 63) problems.name = "event.bad.name";
  if ([...draft.title].length > 200) problems.title = "event.bad.title";
  if (draft.route === "") problems.route = "event.bad.route";
  if (doors === undefined) problems.doors = "event.bad.time";
  if (ends === undefined) problems.ends = "event.bad.time";
  else if (doors !== undefined && ends <= doors) problems.ends = "event.bad.ends";
  else if (doors !== undefined && ends - doors > LASTS_MS_MAX) problems.ends = "event.bad.long";
  else if (ends <= nowMs && before === undefined) problems.ends = "event.bad.past";
  if (!isCount(draft.attendance, 1, ATTENDANCE_MAX)) problems.attendance = "event.bad.attendance";
  if (draft.perSession !== "" && !isCount(draft.perSession, 1, PER_SESSION_MAX)) problems.perSession = "event.bad.perSession";
  for (const field of ["lead", "ramp"] as const) {
    const span = readSpan(draft[field]);
    if (span === undefined) problems[field] = "event.bad.span";
    else if (span > SPAN_MS_MAX) problems[field] = "event.bad.spanLong";
  }
  return problems;
}

function isCount(text: string, least: number, most: number): boolean {
  return /^\d{1,8}$/.test(text.trim()) && Number(text) >= least && Number(text) <= most;
}

/** The event that a draft without problems stands for. What the form does not show stays as it was in `before`. */
export function eventOf(draft: Draft, before?: Event): Event {
  return create(EventSchema, {
    name: draft.name,
    labels: before?.labels ?? {},
    generation: before?.generation ?? 0n,
    spec: {
      route: draft.route,
      title: draft.title.trim(),
      doorsAt: timestampFromMs(kept(draft.doors, millis(before?.spec?.doorsAt))),
      endsAt: timestampFromMs(kept(draft.ends, millis(before?.spec?.endsAt))),
      attendance: Number(draft.attendance),
      playersPerSession: Number(draft.perSession),
      lead: spanOf(draft.lead),
      ramp: spanOf(draft.ramp),
    },
  });
}

/** The field's moment, or the one that was there if the field still shows it: fields show no seconds. */
function kept(text: string, beforeMs: number | undefined): number {
  if (beforeMs !== undefined && toLocal(beforeMs) === text) return beforeMs;
  return fromLocal(text)?.atMs ?? 0;
}

function spanOf(text: string): Duration | undefined {
  const ms = readSpan(text) ?? 0;
  return ms === 0 ? undefined : durationFromMs(ms);
}

/** The same event at another time, as it is asked for: with the generation that must be there. */
export function movedTo(event: Event, to: { fromMs: number; toMs: number }): Event {
  return create(EventSchema, {
    name: event.name,
    labels: event.labels,
    generation: event.generation,
    spec: { ...event.spec!, doorsAt: timestampFromMs(to.fromMs), endsAt: timestampFromMs(to.toMs) },
  });
}

/** The command that announces an event. */
export function createCommand({ name, spec }: Event): string {
  const [doors, ends] = [millis(spec?.doorsAt) ?? 0, millis(spec?.endsAt) ?? 0];
  const flags = [`--route ${word(spec?.route ?? "")}`, `--doors ${toZoned(doors)}`, `--for ${flagSpan(ends - doors)}`, `--attendance ${spec?.attendance ?? 0}`];
  if (spec?.playersPerSession) flags.push(`--players-per-session ${spec.playersPerSession}`);
  if (spec?.lead !== undefined) flags.push(`--lead ${flagSpan(spanMillis(spec.lead))}`);
  if (spec?.ramp !== undefined) flags.push(`--ramp ${flagSpan(spanMillis(spec.ramp))}`);
  if (spec?.title) flags.push(`--title ${word(spec.title)}`);
  return `greenroom event create ${name} ${flags.join(" ")}`;
}

/** The command that moves an event as a whole. */
export function moveCommand(name: string, to: { fromMs: number }): string {
  return `greenroom event move ${name} --doors ${toZoned(to.fromMs)}`;
}

/** The command that replaces an event by this one. */
export function applyCommand(event: Event): string {
  const manifest = manifestOf(EventSchema, event, "Event", ["generation", "created_at", "updated_at", "status"]);
  return `greenroom apply -f - <<'YAML'\n${manifest}YAML`;
}
