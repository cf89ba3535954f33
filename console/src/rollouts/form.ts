import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, durationFromMs } from "@bufbuild/protobuf/wkt";
import { FailureAction, type GateSchema, RollbackSessions, type Rollout, RolloutSchema } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { Violation } from "../api/errors.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { readSpan } from "../parts/span.ts";
import { manifestOf } from "../parts/yaml.ts";
import { DEFAULT_STEPS, readPercent, writePercent } from "./scale.ts";

/** The gates of the form: the four that Greenroom measures, and queries. */
export const measures = ["connectErrors", "joinLatency", "reconnects", "crashes"] as const;
export type FormMeasure = (typeof measures)[number];

/** One gate as it is typed. `bound` is its own bound, `compared` the bound against the other fleet; empty: Greenroom's default. */
export interface GateDraft {
  readonly on: boolean;
  readonly bound: string;
  readonly compared: string;
}

/** A gate that asks Prometheus. */
export interface QueryDraft {
  readonly name: string;
  readonly url: string;
  readonly query: string;
  readonly max: string;
  readonly min: string;
  readonly ratio: string;
}

/** What the form holds: everything as it is typed. */
export interface Draft {
  readonly name: string;
  readonly route: string;
  readonly to: string;
  readonly from: string;
  readonly steps: readonly { readonly weight: string; readonly hold: string }[];
  readonly gates: Readonly<Record<FormMeasure, GateDraft>>;
  readonly queries: readonly QueryDraft[];
  readonly window: string;
  readonly samples: string;
  readonly pause: boolean;
  readonly drain: boolean;
  readonly patience: string;
}

/** What is wrong, by field: a message of the console's, or Greenroom's sentence. `""` is for what belongs to no field. */
export type Problems = Readonly<Record<string, { readonly key?: MessageKey; readonly sentence?: string }>>;

/** A form as it begins: Greenroom's own steps, and all four gates with its defaults. */
export function newDraft(route: string, to: string): Draft {
  const gate = { on: true, bound: "", compared: "" };
  return {
    name: "", route, to, from: "", steps: DEFAULT_STEPS.map((ppm) => ({ weight: writePercent(ppm), hold: "10m" })),
    gates: { connectErrors: gate, joinLatency: gate, reconnects: gate, crashes: gate }, queries: [], window: "", samples: "", pause: false, drain: false, patience: "30m",
  };
}

/** A name that the contract takes: the route, the fleet, and a number while it is taken. */
export function nameFor(route: string, to: string, taken: ReadonlySet<string>): string {
  const base = `${route}-to-${to}`.slice(0, 58).replace(/-+$/, "");
  if (!taken.has(base)) return base;
  for (let n = 2; ; n++) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`;
}

/** Tells what is wrong with a draft before Greenroom is asked. */
export function check(draft: Draft): Problems {
  const problems: Record<string, { key: MessageKey }> = {};
  const bad = (field: string, key: MessageKey) => (problems[field] ??= { key });
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(draft.name) || draft.name.length > 63) bad("name", "event.bad.name");
  if (draft.route === "") bad("route", "rollout.bad.route");
  if (draft.to === "") bad("to", "rollout.bad.to");
  if (draft.to !== "" && draft.to === draft.from) bad("from", "rollout.bad.same");
  let before = 0;
  draft.steps.forEach(({ weight, hold }, i) => {
    const ppm = readPercent(weight);
    if (ppm === undefined || ppm === 0) bad(`steps.${i}.weight`, "rollout.bad.weight");
    else if (ppm <= before) bad(`steps.${i}.weight`, "rollout.bad.rising");
    else before = ppm;
    if (readSpan(hold) === undefined) bad(`steps.${i}.hold`, "event.bad.span");
  });
  if (draft.steps.length === 0) bad("steps", "rollout.bad.steps");
  for (const measure of measures) {
    const { on, bound, compared } = draft.gates[measure];
    if (!on) continue;
    if (bound !== "" && boundOf(measure, bound) === undefined) bad(`gates.${measure}.bound`, measure === "joinLatency" ? "rollout.bad.span" : "rollout.bad.number");
    if (compared !== "" && comparedOf(measure, compared) === undefined) bad(`gates.${measure}.compared`, "rollout.bad.number");
  }
  draft.queries.forEach(({ url, query, max, min, ratio }, i) => {
    if (!/^https?:\/\/[^\s/]+/.test(url)) bad(`queries.${i}.url`, "rollout.bad.url");
    if (query.trim() === "") bad(`queries.${i}.query`, "rollout.bad.query");
    if (max === "" && min === "" && ratio === "") bad(`queries.${i}.max`, "rollout.bad.bounds");
    for (const [field, text] of Object.entries({ max, min, ratio })) if (text !== "" && !Number.isFinite(Number(text))) bad(`queries.${i}.${field}`, "rollout.bad.number");
  });
  if (Object.values(draft.gates).every(({ on }) => !on) && draft.queries.length === 0) bad("gates", "rollout.bad.gates");
  for (const field of ["window", "patience"] as const) if (readSpan(draft[field]) === undefined) bad(field, "event.bad.span");
  if (draft.samples !== "" && !/^[1-9]\d{0,6}$/.test(draft.samples)) bad("samples", "rollout.bad.samples");
  return problems;
}

/** A gate's own bound: a share in percent, a length of time, or a count. */
function boundOf(measure: FormMeasure, text: string): number | undefined {
  if (measure === "joinLatency") return readMillis(text);
  if (measure === "crashes") return /^\d{1,4}$/.test(text.trim()) ? Number(text) : undefined;
  return readShare(text);
}

/** A bound against the other fleet: percentage points, or a factor. */
function comparedOf(measure: FormMeasure, text: string): number | undefined {
  if (measure !== "joinLatency") return readShare(text);
  const factor = Number(text.replace(/[\s×x]/g, ""));
  return factor >= 1 && factor <= 1_000 ? factor : undefined;
}

function readShare(text: string): number | undefined {
  const ppm = readPercent(text);
  return ppm === undefined ? undefined : ppm / 1_000_000;
}

/** "250ms", or what `readSpan` reads, in milliseconds. */
function readMillis(text: string): number | undefined {
  const ms = /^\s*(\d+(?:\.\d+)?)\s*ms\s*$/.exec(text);
  const span = ms === null ? readSpan(text) : Number(ms[1]);
  return span === undefined || span === 0 ? undefined : span;
}

/** The gates that are switched on, in the order of the form: the place of each in the spec. */
function gateFields(draft: Draft): string[] {
  return [...measures.filter((measure) => draft.gates[measure].on).map((measure) => `gates.${measure}`), ...draft.queries.map((_, i) => `queries.${i}`)];
}

/** The rollout that a draft without problems stands for. */
export function rolloutOf(draft: Draft): Rollout {
  const shared = { window: spanOf(draft.window), minSamples: draft.samples === "" ? 0 : Number(draft.samples) };
  const gates: MessageInitShape<typeof GateSchema>[] = measures.filter((measure) => draft.gates[measure].on).map((measure) => {
    const { bound, compared } = draft.gates[measure];
    const [max, more] = [bound === "" ? 0 : (boundOf(measure, bound) ?? 0), compared === "" ? 0 : (comparedOf(measure, compared) ?? 0)];
    switch (measure) {
      case "joinLatency":
        return { ...shared, kind: { case: measure, value: { max: max === 0 ? undefined : durationFromMs(max), maxRatio: more } } };
      case "crashes":
        return { window: shared.window, kind: { case: measure, value: { max } } };
      default:
        return { ...shared, kind: { case: measure, value: { max, maxMore: more } } };
    }
  });
  for (const { name, url, query, max, min, ratio } of draft.queries) {
    const bound = (text: string) => (text === "" ? undefined : Number(text));
    gates.push({ name, window: shared.window, kind: { case: "prometheus", value: { url, query, max: bound(max), min: bound(min), maxRatio: bound(ratio) ?? 0 } } });
  }
  return create(RolloutSchema, {
    name: draft.name,
    spec: {
      route: draft.route, to: draft.to, from: draft.from, gates, patience: spanOf(draft.patience),
      steps: draft.steps.map(({ weight, hold }) => ({ weightPpm: readPercent(weight) ?? 0, hold: spanOf(hold) })),
      onFailure: draft.pause ? FailureAction.PAUSE : FailureAction.ROLLBACK,
      rollbackSessions: draft.drain ? RollbackSessions.DRAIN : RollbackSessions.STAY,
    },
  });
}

function spanOf(text: string): Duration | undefined {
  const ms = readSpan(text) ?? 0;
  return ms === 0 ? undefined : durationFromMs(ms);
}

/** Puts what Greenroom complains of at the fields of the form; what belongs to none comes under `""`. */
export function placed(violations: readonly Violation[], draft: Draft): Problems {
  const problems: Record<string, { sentence: string }> = {};
  for (const { path, sentence } of violations) {
    const field = fieldOf(path.replace(/^rollout\./, ""), draft);
    const said = field === "" && path !== "" ? `${path}: ${sentence}` : sentence;
    problems[field] = { sentence: problems[field] === undefined ? said : `${problems[field].sentence}; ${said}` };
  }
  return problems;
}

const gateParts: Record<string, string> = { max: "bound", max_more: "compared", max_ratio: "compared" };
const queryParts: Record<string, string> = { url: "url", query: "query", max: "max", min: "min", max_ratio: "ratio" };

function fieldOf(path: string, draft: Draft): string {
  if (path === "name") return "name";
  const step = /^spec\.steps\[(\d+)\]\.(weight_ppm|hold)$/.exec(path);
  if (step !== null && Number(step[1]) < draft.steps.length) return `steps.${step[1]}.${step[2] === "hold" ? "hold" : "weight"}`;
  const gate = /^spec\.gates\[(\d+)\]\.?(?:(?:\w+\.)?(\w+))?$/.exec(path);
  const field = gate === null ? undefined : gateFields(draft)[Number(gate[1])];
  if (field !== undefined) {
    const parts = field.startsWith("queries.") ? queryParts : gateParts;
    const part = gate![2] ?? "";
    if (part === "window" || part === "min_samples") return part === "window" ? "window" : "samples";
    return Object.hasOwn(parts, part) ? `${field}.${parts[part]}` : `${field}.${field.startsWith("queries.") ? (part === "name" ? "name" : "query") : "bound"}`;
  }
  const plain = /^spec\.(route|to|from|steps|gates|patience)$/.exec(path);
  return plain === null ? "" : plain[1]!;
}

/** The command that begins the rollout. */
export function applyCommand(rollout: Rollout): string {
  const manifest = manifestOf(RolloutSchema, rollout, "Rollout", ["generation", "created_at", "updated_at", "status"]);
  return `greenroom apply -f - <<'YAML'\n${manifest}YAML`;
}
