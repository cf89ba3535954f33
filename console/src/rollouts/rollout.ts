import type { FleetWeight } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { type Gate, type GateStatus, type Rollout, RollbackSessions } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { millis, spanMillis } from "../i18n/format.ts";
import { DEFAULT_STEPS, WHOLE } from "./scale.ts";

/** How a rollout stands; in the catalogue as `rphase.${phase}`. */
export const phases = ["running", "paused", "rolled back", "done", "replaced"] as const;
export type Phase = (typeof phases)[number];

/** How long a step is held when it does not say. */
export const DEFAULT_HOLD_MS = 600_000;

/** The phase of a rollout; one that is newer than this console counts as paused: what it says is shown as it is. */
export function phaseOf(rollout: Rollout): Phase {
  return phases.find((one) => one === rollout.status?.phase) ?? "paused";
}

/** Tells whether it can still go on. */
export function isUnderWay(rollout: Rollout): boolean {
  const phase = phaseOf(rollout);
  return phase === "running" || phase === "paused";
}

/** One step with its place in the way. */
export interface Step {
  readonly ppm: number;
  readonly holdMs: number;
}

/** The steps with their defaults. */
export function stepsOf(rollout: Rollout): Step[] {
  const steps = rollout.spec?.steps ?? [];
  if (steps.length === 0) return DEFAULT_STEPS.map((ppm) => ({ ppm, holdMs: DEFAULT_HOLD_MS }));
  return steps.map(({ weightPpm, hold }) => ({ ppm: weightPpm, holdMs: spanMillis(hold) || DEFAULT_HOLD_MS }));
}

/** The step that a promotion leads to; undefined when it has everything already. */
export function nextStep(rollout: Rollout): Step | undefined {
  const at = rollout.status?.weightPpm ?? 0;
  return stepsOf(rollout).find(({ ppm }) => ppm > at);
}

/** How much of the present step's hold is over, 0 to 1; undefined when nothing is due. */
export function heldShare(rollout: Rollout, nowMs: number): number | undefined {
  const since = millis(rollout.status?.stepSince);
  const next = millis(rollout.status?.nextAt);
  if (phaseOf(rollout) !== "running" || since === undefined || next === undefined || next <= since) return undefined;
  return Math.min(1, Math.max(0, (nowMs - since) / (next - since)));
}

/** Under way first, then the newest. */
export function inOrder(rollouts: Iterable<Rollout>): Rollout[] {
  const began = (rollout: Rollout) => millis(rollout.status?.moves[0]?.at ?? rollout.createdAt) ?? 0;
  return [...rollouts].sort((a, b) => Number(isUnderWay(b)) - Number(isUnderWay(a)) || began(b) - began(a) || (a.name < b.name ? -1 : 1));
}

/** The rollout that a rollback of its route would undo: the newest one. */
export function lastOf(rollouts: Iterable<Rollout>, route: string): Rollout | undefined {
  return inOrder([...rollouts].filter(({ spec }) => spec?.route === route))[0];
}

/** What a rollback does with the sessions when it is not asked: as the rollout says. */
export function sessionsOf(rollout: Rollout): RollbackSessions.STAY | RollbackSessions.DRAIN {
  return rollout.spec?.rollbackSessions === RollbackSessions.DRAIN ? RollbackSessions.DRAIN : RollbackSessions.STAY;
}

/** What a gate measures. */
export type Measure = "connectErrors" | "joinLatency" | "reconnects" | "crashes" | "prometheus";

/** Gates of a rollout that names none. */
const defaults: readonly Measure[] = ["connectErrors", "joinLatency", "reconnects", "crashes"];
/** The names that Greenroom gives gates without one: their kind. */
const kindNames: Record<string, Measure> = {
  "connect-errors": "connectErrors", "join-latency": "joinLatency", reconnects: "reconnects", crashes: "crashes", prometheus: "prometheus",
};

/** What the gate of this name measures; by the spec, else by its name. Undefined for one that this console does not know. */
export function measureOf(gates: readonly Gate[], { name }: Pick<GateStatus, "name">): Measure | undefined {
  const named = gates.find((gate) => gate.name === name);
  if (named !== undefined && named.kind.case !== undefined) return named.kind.case;
  const plain = name.replaceAll("_", "-").replaceAll(" ", "-");
  return Object.hasOwn(kindNames, plain) ? kindNames[plain] : defaults.find((kind) => kind === name);
}

/** A gate's verdict; one that is newer than this console does not pass. */
export function verdictOf({ verdict }: Pick<GateStatus, "verdict">): "pass" | "wait" | "fail" {
  return verdict === "pass" || verdict === "fail" ? verdict : "wait";
}

/** Weights of a route as a sentence's part: "rooms-old 90 %, rooms-new 10 %". */
export function weightsText(fleets: readonly Pick<FleetWeight, "fleet" | "weightPpm">[], write: (ppm: number) => string): string {
  const all = fleets.length === 1 ? [{ fleet: fleets[0]!.fleet, weightPpm: WHOLE }] : fleets;
  return all.map(({ fleet, weightPpm }) => `${fleet} ${write(weightPpm)}`).join(", ");
}
