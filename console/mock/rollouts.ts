import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import {
  FailureAction, type Gate, GateSchema, GateStatusSchema, RollbackSessions, type Rollout, RolloutMoveSchema, RolloutSchema, RolloutService, RolloutStatusSchema, RolloutStepSchema,
} from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { FleetWeight, Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { millis, spanMillis } from "../src/i18n/format.ts";
import { follow } from "./follow.ts";
import { type House, Table } from "./house.ts";
import { refuse } from "./refuse.ts";

const MINUTE = 60_000;
const WHOLE = 1_000_000;
const STEPS = [100, 1_000, 10_000, 100_000, 500_000, WHOLE];
/** The one that runs holds its steps this long, so that one sees it go on. */
const HOLD_MS = 45_000;
/** When it is done it begins again after so long. */
const AGAIN_MS = 20_000;
const DEMO = "plaza-next";

/** Made-up rollouts: one runs and advances, others are paused, done, and rolled back. */
export class Rollouts {
  readonly table = new Table<Rollout>();
  readonly #house: House;

  constructor(house: House, size: string, nowMs = Date.now()) {
    this.#house = house;
    if (size === "empty" || size === "one") return;
    this.#add(DEMO, "plaza", "rooms-green", "rooms-next", HOLD_MS, nowMs - 20_000, "running", 3);
    this.#add("voice-arm", "voice", "rooms-next", "rooms-green", 10 * MINUTE, nowMs - 31 * MINUTE, "paused", 2);
    this.#add("plaza-autumn", "plaza", "rooms-green", "rooms-next", 10 * MINUTE, nowMs - 3 * 24 * 60 * MINUTE, "rolled back", 3);
    this.#add("plaza-summer", "plaza", "rooms-next", "rooms-green", 10 * MINUTE, nowMs - 90 * 24 * 60 * MINUTE, "done", 5);
    setInterval(() => this.tick(Date.now()), 1_000).unref();
  }

  #add(name: string, route: string, from: string, to: string, holdMs: number, sinceMs: number, phase: string, at: number) {
    const moves: MessageInitShape<typeof RolloutMoveSchema>[] = STEPS.slice(0, at + 1).map((weightPpm, i) => ({
      at: timestampFromMs(sinceMs - (at - i) * holdMs), weightPpm, what: "promoted", reason: i === 0 ? "began" : "all gates passed", actor: i === 0 ? "console" : "gates",
    }));
    if (phase === "paused") moves.push({ at: timestampFromMs(sinceMs + MINUTE), weightPpm: STEPS[at]!, what: "paused", reason: "somebody else changed route voice: its weights are rooms-next 90 %, rooms-green 10 % (generation 5), the rollout's were rooms-next 99 %, rooms-green 1 % (generation 4)", actor: "gates" });
    if (phase === "rolled back") moves.push({ at: timestampFromMs(sinceMs + MINUTE), weightPpm: 0, what: "rolled back", reason: "connect-errors: 9 of 112 connections failed (8.0 %), 4 of 998 on rooms-green (0.4 %); at most 1.0 % more is allowed", actor: "gates" });
    if (phase === "done") moves.push({ at: timestampFromMs(sinceMs + holdMs), weightPpm: WHOLE, what: "done", reason: "all gates passed", actor: "gates" });
    const weightPpm = phase === "rolled back" ? 0 : STEPS[at]!;
    this.table.put(name, create(RolloutSchema, {
      name, generation: 1n, createdAt: timestampFromMs(sinceMs - at * holdMs),
      spec: { route, to, from, steps: STEPS.map((weightPpm) => ({ weightPpm, hold: durationFromMs(holdMs) })), gates: gates(), onFailure: FailureAction.ROLLBACK, rollbackSessions: RollbackSessions.STAY, patience: durationFromMs(30 * MINUTE) },
      status: { phase, step: at, weightPpm, from, stepSince: timestampFromMs(sinceMs), nextAt: phase === "running" ? timestampFromMs(sinceMs + holdMs) : undefined, before: [{ fleet: from, weightPpm: WHOLE }], moves },
    }));
    if (phase === "running") this.#weigh(this.table.items.get(name)!, weightPpm);
    this.#look(name, sinceMs);
    this.#house.setRollout(route, phase === "running" || phase === "paused" ? name : undefined);
  }

  /** Looks at every gate anew, and goes on where a step's time is over. */
  tick(nowMs: number) {
    for (const [name, { status }] of this.table.items) {
      if (name === DEMO && status!.phase === "done" && nowMs - millis(status!.moves.at(-1)?.at)! > AGAIN_MS) this.#add(name, "plaza", "rooms-green", "rooms-next", HOLD_MS, nowMs, "running", 0);
      if (status!.phase !== "running") continue;
      if (nowMs >= (millis(status!.nextAt) ?? Infinity) && status!.gates.every(({ verdict }) => verdict === "pass")) this.#promote(name, 0, "all gates passed", "gates", nowMs);
      this.#look(name, nowMs);
    }
  }

  /** What the gates see. A fresh step has few samples; reconnects wait longest. */
  #look(name: string, nowMs: number) {
    const rollout = this.table.items.get(name)!;
    const { status, spec } = rollout;
    const seconds = Math.max(0, nowMs - millis(status!.stepSince)!) / 1_000;
    const [to, from] = [status!.weightPpm / WHOLE, 1 - status!.weightPpm / WHOLE];
    const samples = [Math.round(20 + seconds * (2 + 30 * to)), Math.round(60 + seconds * (2 + 30 * from))] as const;
    const wave = (period: number, size: number) => 1 + size * Math.sin(nowMs / period);
    const bad = status!.phase === "rolled back" ? 0.08 : 0.004 * wave(7_000, 0.5);
    const rows = [
      { name: "connect-errors", to: bad, from: 0.004 * wave(9_000, 0.3), sentence: (a: number, b: number) => `${share(a)} of connections failed, ${share(b)} on ${status!.from}; at most 1.0 % more is allowed` },
      { name: "join-latency", to: 0.0042 * wave(5_000, 0.2), from: 0.0039 * wave(6_000, 0.15), sentence: (a: number, b: number) => `99 % of joins within ${(a * 1e3).toFixed(1)} ms, ${(b * 1e3).toFixed(1)} ms on ${status!.from}; at most 2 times that is allowed` },
      { name: "reconnects", to: 0.011 * wave(8_000, 0.4), from: 0.012 * wave(4_000, 0.2), sentence: (a: number, b: number) => `${share(a)} of connections were lost, ${share(b)} on ${status!.from}` },
      { name: "crashes", to: 0, from: 0, sentence: () => "no server ended unexpectedly" },
      { name: "frame-time", to: 17.1 * wave(6_000, 0.05), from: Number.NaN, sentence: (a: number) => `${a.toFixed(1)}, at most 20 is allowed` },
    ];
    const gates = rows.map((row, i) => {
      const wait = status!.phase === "running" && row.name === "reconnects" && seconds < 14;
      const verdict = row.to >= 0.05 && row.name === "connect-errors" ? "fail" : wait ? "wait" : "pass";
      const count = i === 3 ? [4, 7] : i === 4 ? [1, 0] : wait ? [Math.round(seconds), samples[1]] : samples;
      const text = wait ? `waits for samples: ${count[0]} of 20` : row.sentence(row.to, row.from);
      return create(GateStatusSchema, { name: row.name, verdict, sentence: text, toValue: row.to, fromValue: row.from, toSamples: BigInt(count[0]!), fromSamples: BigInt(count[1]!) });
    });
    const waits = gates.filter(({ verdict }) => verdict === "wait").map(({ name, sentence }) => `${name} ${sentence}`);
    const at = `${Number((status!.weightPpm / 10_000).toFixed(2))} %`;
    const words: Record<string, string> = {
      running: `${at} since ${Math.round(seconds)} s${waits.length > 0 ? `; ${waits.join(", ")}` : ""}`, paused: `paused at ${at}: ${status!.moves.at(-1)?.reason}`,
      done: `all new sessions go to ${spec!.to}`, "rolled back": `rolled back: ${status!.moves.at(-1)?.reason}`, replaced: "another rollout of the route replaced it",
    };
    this.table.put(name, { ...rollout, status: create(RolloutStatusSchema, { ...status!, gates, sentence: words[status!.phase] ?? "" }) });
  }

  get(name: string): Rollout {
    const rollout = this.table.items.get(name);
    if (rollout === undefined) throw new ConnectError(`there is no rollout ${name}`, Code.NotFound);
    return rollout;
  }

  #change(name: string, change: MessageInitShape<typeof RolloutStatusSchema>, what: string, reason: string, actor: string, nowMs: number): Rollout {
    const rollout = this.get(name);
    const status = create(RolloutStatusSchema, { ...rollout.status!, ...change } as MessageInitShape<typeof RolloutStatusSchema>);
    status.moves = [...status.moves, create(RolloutMoveSchema, { at: timestampFromMs(nowMs), weightPpm: status.weightPpm, what, reason, actor })].slice(-100);
    this.table.put(name, { ...rollout, status });
    this.#weigh(rollout, status.weightPpm);
    this.#look(name, nowMs);
    return this.get(name);
  }

  #weigh(rollout: Rollout, weightPpm: number) {
    const { route, to } = rollout.spec!;
    this.#house.setWeights(route, [{ fleet: rollout.status!.from, weightPpm: WHOLE - weightPpm }, { fleet: to, weightPpm }]);
  }

  #promote(name: string, weightPpm: number, reason: string, actor: string, nowMs: number): Rollout {
    const { spec, status } = this.get(name);
    const holdMs = spanMillis(spec!.steps[0]?.hold) || 10 * MINUTE;
    const next = weightPpm === 0 ? Math.min(status!.step + 1, spec!.steps.length - 1) : Math.max(0, spec!.steps.findLastIndex((step) => step.weightPpm <= weightPpm));
    const weight = weightPpm === 0 ? spec!.steps[next]!.weightPpm : weightPpm;
    const over = status!.step === spec!.steps.length - 1 && weightPpm === 0;
    if (over) return this.#change(name, { phase: "done", weightPpm: WHOLE, nextAt: undefined }, "done", reason, actor, nowMs);
    return this.#change(name, { phase: "running", step: next, weightPpm: weight, stepSince: timestampFromMs(nowMs), nextAt: timestampFromMs(nowMs + holdMs) }, "promoted", reason, actor, nowMs);
  }

  /** Applies as Greenroom does: fields are checked, a route has one that is under way, the generation must be there. */
  apply(wanted: Rollout, dryRun: boolean, nowMs = Date.now()): { rollout: Rollout; outcome: string } {
    const spec = wanted.spec!;
    const wrong = [];
    if (!this.#house.routes.items.has(spec.route)) wrong.push({ path: "spec.route", sentence: `there is no route ${JSON.stringify(spec.route)}` });
    if (!this.#house.fleets.items.has(spec.to)) wrong.push({ path: "spec.to", sentence: `there is no fleet ${JSON.stringify(spec.to)}` });
    spec.steps.forEach(({ weightPpm }, i) => {
      if (i > 0 && weightPpm <= spec.steps[i - 1]!.weightPpm) wrong.push({ path: `spec.steps[${i}].weight_ppm`, sentence: `must be above the step before, ${spec.steps[i - 1]!.weightPpm}` });
    });
    if (wrong.length > 0) throw refuse(wrong);
    const old = this.table.items.get(wanted.name);
    const active = [...this.table.items.values()].find(({ name, spec: { route } = {}, status }) => name !== wanted.name && route === spec.route && (status?.phase === "running" || status?.phase === "paused"));
    if (active !== undefined) throw new ConnectError(`rollout ${active.name} of route ${spec.route} is under way: promote it, or roll it back first`, Code.Aborted);
    if (wanted.generation !== 0n && wanted.generation !== (old?.generation ?? 0n)) throw new ConnectError(`rollout ${wanted.name} is at generation ${old?.generation ?? 0n}, ${wanted.generation} was expected`, Code.Aborted);
    const from = spec.from || [...this.#house.routes.items.get(spec.route)!.spec!.fleets].sort((a, b) => b.weightPpm - a.weightPpm)[0]!.fleet;
    const steps = spec.steps.length > 0 ? spec.steps : STEPS.map((weightPpm) => create(RolloutStepSchema, { weightPpm, hold: durationFromMs(10 * MINUTE) }));
    const first = steps[0]!;
    const rollout = create(RolloutSchema, {
      name: wanted.name, generation: (old?.generation ?? 0n) + 1n, createdAt: timestampFromMs(nowMs), spec: { ...spec, steps, gates: spec.gates.length > 0 ? spec.gates : gates() },
      status: { phase: "running", weightPpm: first.weightPpm, from, stepSince: timestampFromMs(nowMs), nextAt: timestampFromMs(nowMs + spanMillis(first.hold)), before: this.#house.routes.items.get(spec.route)!.spec!.fleets, moves: [{ at: timestampFromMs(nowMs), weightPpm: first.weightPpm, what: "promoted", reason: "began", actor: "console" }] },
    });
    if (dryRun) return { rollout, outcome: old === undefined ? "created" : "changed" };
    this.table.put(rollout.name, rollout);
    this.#weigh(rollout, first.weightPpm);
    this.#look(rollout.name, nowMs);
    this.#house.setRollout(spec.route, rollout.name);
    return { rollout: this.get(rollout.name), outcome: "created" };
  }

  rollback(route: string, sessions: RollbackSessions, reason: string, nowMs = Date.now()): { rollout: Rollout; route: Route | undefined } {
    const of = [...this.table.items.values()].filter(({ spec }) => spec!.route === route).sort((a, b) => millis(b.createdAt)! - millis(a.createdAt)!)[0];
    if (of === undefined) throw new ConnectError(`route ${route} had no rollout: there is nothing to roll back to`, Code.FailedPrecondition);
    if (of.status!.phase !== "rolled back") {
      const drains = sessions === RollbackSessions.DRAIN ? "; its sessions are drained" : "";
      this.#change(of.name, { phase: "rolled back", weightPpm: 0, nextAt: undefined }, "rolled back", (reason || "asked for") + drains, "console", nowMs);
      if (sessions === RollbackSessions.DRAIN) for (const server of this.#house.serversOf(of.spec!.to)) this.#house.drain(server.name, `rollback of route ${route}`);
    }
    return { rollout: this.get(of.name), route: this.#house.routes.items.get(route) };
  }

  serve(router: ConnectRouter, open: () => void = () => {}) {
    const { table } = this;
    const inPhase = (name: string, ...phases: string[]) => {
      const phase = this.get(name).status!.phase;
      if (!phases.includes(phase)) throw new ConnectError(`rollout ${name} is ${phase}`, Code.FailedPrecondition);
    };
    router.service(RolloutService, {
      applyRollout: ({ rollout, dryRun }) => this.apply(rollout!, dryRun),
      getRollout: ({ name }) => ({ rollout: this.get(name) }),
      listRollouts: () => ({ rollouts: [...this.table.items.values()] }),
      watchRollouts: async function* (_, { signal }) {
        open();
        for await (const [type, rollout] of follow(table, signal)) yield { type, rollout };
      },
      deleteRollout: ({ name, dryRun }) => {
        inPhase(name, "paused", "rolled back", "done", "replaced");
        if (!dryRun) this.table.drop(name);
        return {};
      },
      pauseRollout: ({ name, reason }) => {
        inPhase(name, "running", "paused");
        return { rollout: this.#change(name, { phase: "paused", nextAt: undefined }, "paused", reason || "asked for", "console", Date.now()) };
      },
      resumeRollout: ({ name }) => {
        inPhase(name, "running", "paused");
        const nowMs = Date.now();
        const holdMs = spanMillis(this.get(name).spec!.steps[0]?.hold);
        return { rollout: this.#change(name, { phase: "running", stepSince: timestampFromMs(nowMs), nextAt: timestampFromMs(nowMs + holdMs) }, "resumed", "asked for", "console", nowMs) };
      },
      promoteRollout: ({ name, weightPpm }) => {
        inPhase(name, "running", "paused");
        return { rollout: this.#promote(name, weightPpm, "asked for", "console", Date.now()) };
      },
      rollbackRoute: ({ route, sessions, reason }) => this.rollback(route, sessions, reason),
    });
  }
}

function gates(): Gate[] {
  const window = durationFromMs(5 * MINUTE);
  return [
    create(GateSchema, { name: "connect-errors", kind: { case: "connectErrors", value: { maxMore: 0.01 } }, window, minSamples: 20 }),
    create(GateSchema, { name: "join-latency", kind: { case: "joinLatency", value: { quantile: 0.99, maxRatio: 2 } }, window, minSamples: 20 }),
    create(GateSchema, { name: "reconnects", kind: { case: "reconnects", value: { maxMore: 0.01 } }, window, minSamples: 20 }),
    create(GateSchema, { name: "crashes", kind: { case: "crashes", value: {} } }),
    create(GateSchema, { name: "frame-time", kind: { case: "prometheus", value: { url: "http://prometheus:9090", query: 'histogram_quantile(0.99, rate(frame_ms{fleet="$fleet"}[$window]))', max: 20 } } }),
  ];
}

const share = (value: number) => `${(value * 100).toFixed(1)} %`;

/** The weights of a route as they are written in sentences. */
export function weightsText(fleets: readonly FleetWeight[]): string {
  return fleets.map(({ fleet, weightPpm }) => `${fleet}=${weightPpm}`).join(",");
}
