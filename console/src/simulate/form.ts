import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Fleet, FleetSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { type Route, RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { RecordedDemandSchema, type SimulateRequest, SimulateRequestSchema } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { word } from "../parts/shell.ts";
import { flagSpan, readSpan } from "../parts/span.ts";
import { manifestOf } from "../parts/yaml.ts";

/** The demands that Greenroom makes by seed. */
export const generators = ["voice-day", "flash-crowd", "big-event"] as const;
export type Generator = (typeof generators)[number];

/** What a policy is to be: the fleets' own, or a rival with its number. */
export interface PolicyDraft {
  kind: "own" | "agones-buffer" | "hpa";
  /** The buffer's servers, or the target's share; of no meaning for "own". */
  value: string;
}

/** What stands in the form. */
export interface Setup {
  demand: "generated" | "recorded" | "file";
  generator: Generator;
  seed: string;
  recorded: "day" | "week";
  file: { name: string; bytes: Uint8Array } | undefined;
  fleets: "present" | "edited";
  manifest: string;
  policies: readonly PolicyDraft[];
  boot: string;
  jitter: string;
  /** Percent. */
  failures: string;
}

export type Problems = Partial<Record<"seed" | "file" | "manifest" | "policies" | "boot" | "jitter" | "failures", MessageKey>>;

/** The contract's bounds. */
export const TRACE_BYTES_MAX = 32 << 20;
const MANIFEST_CHARS_MAX = 1 << 20;
export const POLICIES_MAX = 16;
const BOOT_MS_MAX = 3_600_000;
const DAY_MS = 86_400_000;

export const newSetup: Setup = {
  demand: "generated", generator: "voice-day", seed: "1", recorded: "day", file: undefined, fleets: "present", manifest: "",
  policies: [{ kind: "own", value: "" }, { kind: "agones-buffer", value: "2" }, { kind: "hpa", value: "0.7" }],
  boot: "30s", jitter: "", failures: "0",
};

/** Tells what is wrong with a setup, by part. */
export function check(setup: Setup): Problems {
  const problems: Problems = {};
  if (setup.demand === "generated" && !/^\d{1,19}$/.test(setup.seed)) problems.seed = "simulate.bad.seed";
  if (setup.demand === "file") {
    if (setup.file === undefined) problems.file = "simulate.bad.noFile";
    else if (setup.file.bytes.length === 0) problems.file = "simulate.bad.emptyFile";
    else if (setup.file.bytes.length > TRACE_BYTES_MAX) problems.file = "simulate.bad.bigFile";
  }
  if (setup.fleets === "edited") {
    if (setup.manifest.trim() === "") problems.manifest = "simulate.bad.noManifest";
    else if (setup.manifest.length > MANIFEST_CHARS_MAX) problems.manifest = "simulate.bad.bigManifest";
  }
  const names = setup.policies.map(policyName);
  if (names.length === 0 || names.length > POLICIES_MAX) problems.policies = "simulate.bad.policies";
  else if (!setup.policies.every(isPolicy)) problems.policies = "simulate.bad.policy";
  else if (new Set(names).size < names.length) problems.policies = "simulate.bad.twice";
  for (const field of ["boot", "jitter"] as const) {
    const ms = readSpan(setup[field]);
    if (ms === undefined || ms > BOOT_MS_MAX) problems[field] = "simulate.bad.boot";
  }
  if (!/^\d{1,2}(\.\d+)?$/.test(setup.failures.trim()) || Number(setup.failures) > 90) problems.failures = "simulate.bad.failures";
  return problems;
}

function isPolicy({ kind, value }: PolicyDraft): boolean {
  if (kind === "own") return true;
  if (kind === "agones-buffer") return /^\d{1,5}$/.test(value) && Number(value) >= 1;
  return /^(0?\.\d+|1(\.0+)?)$/.test(value) && Number(value) > 0;
}

/** A policy as the contract and the CLI write it. */
export function policyName({ kind, value }: PolicyDraft): string {
  return kind === "own" ? "own" : `${kind}:${value.trim()}`;
}

/** The request for a setup without problems. What is recorded is counted back from now. */
export function requestOf(setup: Setup, nowMs: number): SimulateRequest {
  return create(SimulateRequestSchema, {
    manifest: setup.fleets === "edited" ? setup.manifest : "",
    demand: demandOf(setup, nowMs),
    seed: BigInt(setup.demand === "generated" ? setup.seed : 1),
    policies: setup.policies.map(policyName),
    boot: durationFromMs(readSpan(setup.boot) ?? 0),
    bootJitter: durationFromMs(readSpan(setup.jitter) ?? 0),
    bootFailures: Number(setup.failures) / 100,
  });
}

function demandOf(setup: Setup, nowMs: number): SimulateRequest["demand"] {
  switch (setup.demand) {
    case "generated":
      return { case: "generator", value: setup.generator };
    case "file":
      return { case: "traceCsv", value: setup.file?.bytes ?? new Uint8Array() };
    case "recorded": {
      const { since, until } = recordedSpan(setup, nowMs);
      return { case: "recorded", value: create(RecordedDemandSchema, { since: timestampFromMs(since), until: timestampFromMs(until) }) };
    }
  }
}

function recordedSpan({ recorded }: Setup, nowMs: number): { since: number; until: number } {
  const until = Math.floor(nowMs / 60_000) * 60_000;
  return { since: until - (recorded === "day" ? 1 : 7) * DAY_MS, until };
}

/** The commands that do the same. The fleets are those of the file fleets.yaml, which the page offers. */
export function commandOf(setup: Setup): string {
  const exporting = setup.demand === "recorded" ? `greenroom trace export --since ${setup.recorded === "day" ? "24h" : "7d"} -o recorded.csv\n` : "";
  const demand = { generated: `--generate ${setup.generator} --seed ${setup.seed}`, recorded: "--trace recorded.csv", file: `--trace ${word(setup.file?.name ?? "trace.csv")}` }[setup.demand];
  const flags = [demand, ...setup.policies.map((policy) => `--policy ${policyName(policy)}`)];
  if (readSpan(setup.boot)) flags.push(`--boot ${flagSpan(readSpan(setup.boot)!)}`);
  if (readSpan(setup.jitter)) flags.push(`--boot-jitter ${flagSpan(readSpan(setup.jitter)!)}`);
  if (Number(setup.failures) > 0) flags.push(`--boot-failures ${Number(setup.failures) / 100}`);
  return `${exporting}greenroom simulate -f fleets.yaml ${flags.join(" ")}`;
}

/** The fleets and routes that are there as the file that `greenroom apply` and `simulate` read. */
export function manifestNow(fleets: readonly Fleet[], routes: readonly Route[]): string {
  const without = ["generation", "created_at", "updated_at", "status", "labels"];
  const all = [...fleets.map((fleet) => manifestOf(FleetSchema, fleet, "Fleet", without)), ...routes.map((route) => manifestOf(RouteSchema, route, "Route", without))];
  return all.join("---\n");
}

/** A sentence of Greenroom's about a line of the manifest. */
export interface LineProblem {
  /** From 1; 0 for the whole. */
  readonly line: number;
  readonly sentence: string;
}

/** Finds the lines that a refusal names: "… must be a whole number at manifest:7:16". */
export function lineProblems(problem: string, lines: number): LineProblem[] {
  return problem.split("\n").filter((one) => one.trim() !== "").map((sentence) => {
    const found = / at [^\s:]+:(\d+)(?::\d+)?\b|\bline (\d+)\b/i.exec(sentence);
    const line = Number(found?.[1] ?? found?.[2] ?? 0);
    return { line: line >= 1 && line <= lines ? line : 0, sentence };
  });
}
