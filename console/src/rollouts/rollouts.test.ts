import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { GateStatusSchema, RollbackSessions, type Rollout, RolloutSchema, RolloutStatusSchema } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { describe, expect, test } from "vitest";
import { House } from "../../mock/house.ts";
import { Rollouts } from "../../mock/rollouts.ts";
import { violationsOf } from "../api/errors.ts";
import { formatter } from "../i18n/format.ts";
import { applyCommand, check, nameFor, newDraft, placed, rolloutOf } from "./form.ts";
import { writeValue } from "./Gates.tsx";
import { changesOf, EVERY_MS, GateMemory, gridOf, KEPT_MS, type Looks, memoryKey, record } from "./record.ts";
import { heldShare, inOrder, isUnderWay, lastOf, measureOf, nextStep, phaseOf, sessionsOf, stepsOf, weightsText } from "./rollout.ts";
import { DEFAULT_STEPS, keyWeight, placeOf, readPercent, snapped, weightAt, WHOLE, writePercent } from "./scale.ts";

const rollout = (status: MessageInitShape<typeof RolloutStatusSchema>, rest: MessageInitShape<typeof RolloutSchema> = {}): Rollout =>
  create(RolloutSchema, { name: "one", spec: { route: "plaza", to: "new" }, ...rest, status } as MessageInitShape<typeof RolloutSchema>);

describe("the scale", () => {
  test("goes from nothing to everything, rises all the way, and keeps the usual steps apart", () => {
    expect([placeOf(0), placeOf(WHOLE)]).toEqual([0, 1]);
    const places = [0, ...DEFAULT_STEPS].map(placeOf);
    for (let i = 1; i < places.length; i++) expect(places[i]! - places[i - 1]!).toBeGreaterThan(0.09);
    let last = -1;
    for (let ppm = 0; ppm <= WHOLE; ppm += 997) {
      expect(placeOf(ppm)).toBeGreaterThan(last);
      last = placeOf(ppm);
    }
  });

  test("reads back what it shows, in two digits, in whole percents from 10 % up", () => {
    for (const ppm of [0, 10, 100, 2_500, 12_000, 250_000, 990_000, WHOLE]) expect(weightAt(placeOf(ppm) + 1e-9)).toBe(ppm);
    for (let place = 0; place <= 1; place += 0.001) {
      const ppm = weightAt(place);
      expect(readPercent(writePercent(ppm))).toBe(ppm);
      expect(String(ppm).replace(/0+$/, "").length).toBeLessThanOrEqual(2);
    }
  });

  test("a step draws what is near to it", () => {
    expect(snapped(placeOf(100_000) + 0.01, [1_000, 100_000])).toBe(100_000);
    expect(snapped(placeOf(100_000) + 0.05, [1_000, 100_000])).not.toBe(100_000);
  });

  test("arrow keys go by the second digit and come back, Page keys by steps, and nothing leaves the scale", () => {
    expect([keyWeight("ArrowRight", 100_000, []), keyWeight("ArrowLeft", 110_000, []), keyWeight("ArrowRight", 100, []), keyWeight("ArrowLeft", 110, [])]).toEqual([110_000, 100_000, 110, 100]);
    expect([keyWeight("PageUp", 100, DEFAULT_STEPS), keyWeight("PageDown", 100, DEFAULT_STEPS), keyWeight("PageUp", WHOLE, DEFAULT_STEPS)]).toEqual([1_000, 0, WHOLE]);
    expect([keyWeight("Home", 5, []), keyWeight("End", 5, []), keyWeight("a", 5, [])]).toEqual([0, WHOLE, undefined]);
    let ppm = 0;
    for (let i = 0; i < 600 && ppm < WHOLE; i++) {
      const next = keyWeight("ArrowRight", ppm, [])!;
      expect(next).toBeGreaterThan(ppm);
      ppm = next;
    }
    expect(ppm).toBe(WHOLE);
    for (let i = 0; i < 600 && ppm > 0; i++) {
      const next = keyWeight("ArrowLeft", ppm, [])!;
      expect(next).toBeLessThan(ppm);
      ppm = next;
    }
    expect(ppm).toBe(0);
  });

  test("percentages are read as people write them, down to 1 ppm", () => {
    expect(["0.01", " 10 %", "100", "0.0001", "50％"].map(readPercent)).toEqual([100, 100_000, WHOLE, 1, 500_000]);
    expect(["", "101", "-1", "0.00001", "1e2", "a"].map(readPercent)).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });
});

describe("a rollout", () => {
  test("that names no steps has Greenroom's own, and the next is the first above its weight", () => {
    expect(stepsOf(rollout({})).map(({ ppm }) => ppm)).toEqual([...DEFAULT_STEPS]);
    expect([nextStep(rollout({ weightPpm: 100 }))?.ppm, nextStep(rollout({ weightPpm: 2_000 }))?.ppm, nextStep(rollout({ weightPpm: WHOLE }))]).toEqual([1_000, 10_000, undefined]);
    expect(stepsOf(rollout({}, { spec: { steps: [{ weightPpm: 5, hold: durationFromMs(60_000) }] } }))).toEqual([{ ppm: 5, holdMs: 60_000 }]);
  });

  test("is paused for a console that does not know its phase: nothing moves it by accident", () => {
    expect(["running", "done", "polishing", ""].map((phase) => phaseOf(rollout({ phase })))).toEqual(["running", "done", "paused", "paused"]);
  });

  test("fills the way to the next step while it holds one, and only while it runs", () => {
    const status = { phase: "running", stepSince: timestampFromMs(0), nextAt: timestampFromMs(100) };
    expect([heldShare(rollout(status), 25), heldShare(rollout(status), 500), heldShare(rollout({ ...status, phase: "paused" }), 25)]).toEqual([0.25, 1, undefined]);
  });

  test("under way comes first, then the newest; a rollback is of a route's newest", () => {
    const at = (name: string, phase: string, ms: number, route = "plaza") => rollout({ phase }, { name, createdAt: timestampFromMs(ms), spec: { route } });
    const all = [at("old", "done", 1), at("new", "rolled back", 9), at("runs", "running", 5), at("other", "done", 99, "voice")];
    expect(inOrder(all).map(({ name }) => name)).toEqual(["runs", "other", "new", "old"]);
    expect([lastOf(all, "plaza")?.name, lastOf(all.slice(0, 2), "plaza")?.name, lastOf(all, "none")]).toEqual(["runs", "new", undefined]);
  });

  test("says what a rollback does with sessions, and the weights it gives back", () => {
    expect([sessionsOf(rollout({})), sessionsOf(rollout({}, { spec: { rollbackSessions: RollbackSessions.DRAIN } }))]).toEqual([RollbackSessions.STAY, RollbackSessions.DRAIN]);
    const { ppm } = formatter("en");
    expect(weightsText([{ fleet: "a", weightPpm: 999_900 }, { fleet: "b", weightPpm: 100 }], ppm)).toBe("a 99.99%, b 0.01%");
    expect(weightsText([{ fleet: "a", weightPpm: 0 }], ppm)).toBe("a 100%");
  });
});

test("a gate's value is written in its unit; what is none is a dash", () => {
  const format = formatter("en");
  const write = (value: number, measure: Parameters<typeof writeValue>[1]) => writeValue(value, measure, format);
  expect([write(0.0123, "connectErrors"), write(0.00421, "joinLatency"), write(2, "crashes"), write(17.123, "prometheus"), write(Number.NaN, "crashes")]).toEqual(["1.23%", "4.21 ms", "2", "17.1", "–"]);
  expect([measureOf([], { name: "join-latency" }), measureOf([], { name: "constructor" }), measureOf([], { name: "mine" })]).toEqual(["joinLatency", undefined, undefined]);
});

describe("what gates said", () => {
  const gate = (toValue: number) => [create(GateStatusSchema, { name: "g", toValue, fromValue: 1 })];

  test("is kept for an hour, at most one value each two seconds", () => {
    let looks: Looks = new Map();
    for (let now = 0; now <= KEPT_MS * 1.5; now += 500) looks = record(looks, gate(now), 100, now);
    const kept = looks.get("g")!;
    expect([kept[0]!.atMs >= KEPT_MS * 0.5, kept.length]).toEqual([true, KEPT_MS / EVERY_MS + 1]);
    expect(record(looks, gate(1), 100, KEPT_MS * 1.5 + 1)).toBe(looks);
  });

  test("has a gap where nobody looked, and no line over a value that is none", () => {
    const looks = [0, 2_000, 60_000].map((atMs) => ({ atMs, to: atMs === 2_000 ? Number.NaN : 5, from: 1, weightPpm: 100 }));
    expect(gridOf(looks)).toEqual({ atMs: [0, 2_000, 2_001, 60_000], to: [5, null, null, 5], from: [1, 1, null, 1] });
    expect(changesOf([{ atMs: 0, to: 0, from: 0, weightPpm: 100 }, { atMs: 1, to: 0, from: 0, weightPpm: 200 }])).toEqual([{ atMs: 1, weightPpm: 200 }]);
  });

  test("is remembered of what is under way, and forgotten an hour after", () => {
    const memory = new GateMemory();
    let told = 0;
    memory.subscribe(() => told++);
    const runs = rollout({ phase: "running", gates: gate(1) }, { createdAt: timestampFromMs(1_000) });
    memory.take([runs, rollout({ phase: "done", gates: gate(2) }, { name: "over" })], 0);
    expect([told, memory.looks(memoryKey(runs)).size, memory.looks("over 0").size]).toEqual([1, 1, 0]);
    memory.take([], KEPT_MS - 1);
    expect(memory.looks(memoryKey(runs)).size).toBe(1);
    memory.take([], KEPT_MS + 1);
    expect(memory.looks(memoryKey(runs)).size).toBe(0);
  });
});

describe("the form", () => {
  const good = { ...newDraft("plaza", "new"), name: "plaza-new" };

  test("begins with what Greenroom would take", () => {
    expect(check(good)).toEqual({});
    expect(rolloutOf(good).spec).toMatchObject({ route: "plaza", to: "new", from: "", patience: { seconds: 1800n } });
    expect(rolloutOf(good).spec!.steps.map(({ weightPpm }) => weightPpm)).toEqual([...DEFAULT_STEPS]);
    expect(rolloutOf(good).spec!.gates.map(({ kind }) => kind.case)).toEqual(["connectErrors", "joinLatency", "reconnects", "crashes"]);
    expect([nameFor("plaza", "new", new Set()), nameFor("plaza", "new", new Set(["plaza-to-new"]))]).toEqual(["plaza-to-new", "plaza-to-new-2"]);
  });

  test("says at each field what is wrong with it", () => {
    const bad = {
      ...good, name: "Plaza", from: "new", window: "soon", samples: "-1",
      steps: [{ weight: "10", hold: "10m" }, { weight: "5", hold: "10m" }, { weight: "0", hold: "x" }],
      gates: { ...good.gates, joinLatency: { on: true, bound: "fast", compared: "0.5" }, crashes: { on: false, bound: "many", compared: "" } },
      queries: [{ name: "", url: "prometheus", query: " ", max: "", min: "", ratio: "" }],
    };
    expect(Object.fromEntries(Object.entries(check(bad)).map(([field, { key }]) => [field, key]))).toEqual({
      name: "event.bad.name", from: "rollout.bad.same", "steps.1.weight": "rollout.bad.rising", "steps.2.weight": "rollout.bad.weight", "steps.2.hold": "event.bad.span",
      "gates.joinLatency.bound": "rollout.bad.span", "gates.joinLatency.compared": "rollout.bad.number",
      "queries.0.url": "rollout.bad.url", "queries.0.query": "rollout.bad.query", "queries.0.max": "rollout.bad.bounds", window: "event.bad.span", samples: "rollout.bad.samples",
    });
    const off = { on: false, bound: "", compared: "" };
    expect(check({ ...good, steps: [], gates: { connectErrors: off, joinLatency: off, reconnects: off, crashes: off } })).toEqual({ steps: { key: "rollout.bad.steps" }, gates: { key: "rollout.bad.gates" } });
  });

  test("carries bounds in their units: percent, milliseconds, times, and a query's that may be 0", () => {
    const set = {
      ...good, window: "5m", samples: "50",
      gates: { ...good.gates, connectErrors: { on: true, bound: "5", compared: "0.5" }, joinLatency: { on: true, bound: "250ms", compared: "3" }, reconnects: { on: false, bound: "", compared: "" } },
      queries: [{ name: "frames", url: "http://p:9090", query: "x", max: "0", min: "", ratio: "" }],
    };
    expect(check(set)).toEqual({});
    const { gates } = rolloutOf(set).spec!;
    expect(gates.map(({ kind }) => kind.case)).toEqual(["connectErrors", "joinLatency", "crashes", "prometheus"]);
    expect([gates[0]!.kind.value, gates[1]!.kind.value, gates[3]!.kind.value]).toMatchObject([{ max: 0.05, maxMore: 0.005 }, { max: { nanos: 250_000_000 }, maxRatio: 3 }, { max: 0 }]);
    expect([gates[0]!.minSamples, gates[2]!.minSamples, Number(gates[0]!.window!.seconds)]).toEqual([50, 0, 300]);
  });

  test("puts what Greenroom refuses at its fields, the rest on top", () => {
    const draft = { ...good, gates: { ...good.gates, connectErrors: { on: false, bound: "", compared: "" } }, queries: [{ name: "", url: "http://p", query: "x", max: "1", min: "", ratio: "" }] };
    const at = (path: string) => Object.keys(placed([{ path, sentence: "no" }], draft))[0];
    expect(["spec.route", "rollout.spec.to", "name", "spec.steps[1].weight_ppm", "spec.gates[0].join_latency.max_ratio", "spec.gates[3].prometheus.url", "spec.gates[3].name", "spec.gates[0].window", "spec.labels", ""].map(at))
      .toEqual(["route", "to", "name", "steps.1.weight", "gates.joinLatency.compared", "queries.0.url", "queries.0.name", "window", "", ""]);
    expect(placed([{ path: "spec.labels", sentence: "no" }], draft)).toEqual({ "": { sentence: "spec.labels: no" } });
  });

  test("is a file that the CLI applies", () => {
    expect(applyCommand(rolloutOf({ ...good, steps: [{ weight: "0.01", hold: "90s" }] }))).toContain("kind: Rollout\nname: plaza-new\nspec:\n  route: plaza\n  to: new\n  steps:\n    - weight_ppm: 100\n      hold: 90s\n");
    expect(applyCommand(rolloutOf(good))).toContain("\n  on_failure: ROLLBACK\n  rollback_sessions: STAY\n");
  });
});

describe("the made-up Greenroom", () => {
  const made = () => {
    const house = new House("few");
    return { house, rollouts: new Rollouts(house, "few", 1_000_000_000) };
  };

  test("goes on by itself, step by step, to the end, and the route's weights always add up", () => {
    const { house, rollouts } = made();
    const seen = new Set<number>();
    for (let now = 1_000_000_000; now < 1_000_300_000 && isUnderWay(rollouts.get("plaza-next")); now += 1_000) {
      rollouts.tick(now);
      seen.add(rollouts.get("plaza-next").status!.weightPpm);
      expect(house.routes.items.get("plaza")!.spec!.fleets.reduce((sum, { weightPpm }) => sum + weightPpm, 0)).toBe(WHOLE);
    }
    expect([...seen]).toEqual([100_000, 500_000, WHOLE]);
    expect(phaseOf(rollouts.get("plaza-next"))).toBe("done");
  });

  test("refuses fields by their paths, and a second rollout of a route", () => {
    const { rollouts } = made();
    const wanted = rolloutOf({ ...newDraft("nowhere", "nothing"), name: "x", steps: [{ weight: "10", hold: "" }, { weight: "5", hold: "" }] });
    try {
      rollouts.apply(wanted, true);
      expect.unreachable();
    } catch (cause) {
      expect(violationsOf(cause).map(({ path }) => path)).toEqual(["spec.route", "spec.to", "spec.steps[1].weight_ppm"]);
    }
    expect(() => rollouts.apply(rolloutOf({ ...newDraft("plaza", "rooms-next"), name: "second" }), true)).toThrow(/plaza-next of route plaza is under way/);
  });

  test("rolls back at once, and a second time changes nothing", () => {
    const { house, rollouts } = made();
    rollouts.rollback("plaza", RollbackSessions.STAY, "it drops people", 1_000_001_000);
    const moves = rollouts.get("plaza-next").status!.moves.length;
    expect(house.routes.items.get("plaza")!.spec!.fleets.map(({ fleet, weightPpm }) => [fleet, weightPpm])).toEqual([["rooms-green", WHOLE], ["rooms-next", 0]]);
    expect(rollouts.rollback("plaza", RollbackSessions.STAY, "again", 1_000_002_000).rollout.status!.moves).toHaveLength(moves);
  });
});
