import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { FleetSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { SimulateResultSchema, SimulateService } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { serveSimulate } from "../../mock/simulate.ts";
import { apiOn } from "../api/api.ts";
import { millis } from "../i18n/format.ts";
import { translator } from "../i18n/translate.ts";
import { check, commandOf, lineProblems, manifestNow, newSetup, policyName, requestOf, type Setup, TRACE_BYTES_MAX } from "./form.ts";
import { csvOf, jsonOf, plotsOf, ratio } from "./results.ts";
import { run, type Run } from "./run.ts";

const now = Date.UTC(2026, 10, 22, 4, 30, 17);
const setup = (change: Partial<Setup>): Setup => ({ ...newSetup, ...change });

describe("the form", () => {
  test("is good as it comes, and says what is wrong by part", () => {
    expect(check(newSetup)).toEqual({});
    expect(check(setup({ seed: "one" }))).toEqual({ seed: "simulate.bad.seed" });
    expect(check(setup({ demand: "file" }))).toEqual({ file: "simulate.bad.noFile" });
    expect(check(setup({ demand: "file", seed: "x", file: { name: "a", bytes: new Uint8Array() } }))).toEqual({ file: "simulate.bad.emptyFile" });
    expect(check(setup({ demand: "file", file: { name: "a", bytes: new Uint8Array(TRACE_BYTES_MAX + 1) } }))).toEqual({ file: "simulate.bad.bigFile" });
    expect(check(setup({ fleets: "edited", manifest: " \n" }))).toEqual({ manifest: "simulate.bad.noManifest" });
    expect(check(setup({ policies: [] }))).toEqual({ policies: "simulate.bad.policies" });
    expect(check(setup({ policies: [{ kind: "own", value: "" }, { kind: "own", value: "x" }] }))).toEqual({ policies: "simulate.bad.twice" });
    expect(check(setup({ boot: "2h", jitter: "soon", failures: "91" }))).toEqual({ boot: "simulate.bad.boot", jitter: "simulate.bad.boot", failures: "simulate.bad.failures" });
  });

  test("takes rivals with numbers that mean something", () => {
    const good = (kind: "agones-buffer" | "hpa", value: string) => check(setup({ policies: [{ kind, value }] })).policies === undefined;
    expect(["1", "99999", "0", "-1", "1.5", ""].map((value) => good("agones-buffer", value))).toEqual([true, true, false, false, false, false]);
    expect(["0.7", ".5", "1", "1.0", "0", "0.0", "70", "1.2", ""].map((value) => good("hpa", value))).toEqual([true, true, true, true, false, false, false, false, false]);
    expect(policyName({ kind: "hpa", value: "0.7" })).toBe("hpa:0.7");
  });

  test("makes the request", () => {
    const request = requestOf(setup({ seed: "7", boot: "45s", failures: "2.5", manifest: "not sent" }), now);
    expect(request).toMatchObject({ manifest: "", demand: { case: "generator", value: "voice-day" }, seed: 7n, policies: ["own", "agones-buffer:2", "hpa:0.7"], boot: { seconds: 45n }, bootFailures: 0.025 });
    const bytes = new TextEncoder().encode("time,route,joins\n");
    expect(requestOf(setup({ demand: "file", file: { name: "a.csv", bytes } }), now).demand).toEqual({ case: "traceCsv", value: bytes });
    const recorded = requestOf(setup({ demand: "recorded", recorded: "week", fleets: "edited", manifest: "kind: Fleet" }), now);
    if (recorded.demand.case !== "recorded") throw new Error(recorded.demand.case);
    expect([millis(recorded.demand.value.since), millis(recorded.demand.value.until), recorded.manifest]).toEqual([Date.UTC(2026, 10, 15, 4, 30), Date.UTC(2026, 10, 22, 4, 30), "kind: Fleet"]);
  });

  test("shows the commands that do the same", () => {
    expect(commandOf(setup({ jitter: "10s", failures: "5" }))).toBe("greenroom simulate -f fleets.yaml --generate voice-day --seed 1 --policy own --policy agones-buffer:2 --policy hpa:0.7 --boot 30s --boot-jitter 10s --boot-failures 0.05");
    expect(commandOf(setup({ demand: "recorded", policies: [{ kind: "own", value: "" }] }))).toBe("greenroom trace export --since 24h -o recorded.csv\ngreenroom simulate -f fleets.yaml --trace recorded.csv --policy own --boot 30s");
    expect(commandOf(setup({ demand: "file", boot: "", file: { name: "my day.csv", bytes: new Uint8Array(1) } }))).toContain("--trace 'my day.csv' --policy own");
  });
});

test("what is there becomes a manifest without what only Greenroom writes", () => {
  const fleet = create(FleetSchema, { name: "rooms", generation: 4n, spec: { capacity: { sessions: 20 }, maxServers: 8, drain: { deadline: { seconds: 300n } }, provider: { kind: { case: "process", value: { command: ["./room", "--name=the room"], env: { MODE: "on" } } } } }, status: { sessions: 3 } });
  const route = create(RouteSchema, { name: "plaza", spec: { fleets: [{ fleet: "rooms", weightPpm: 1_000_000 }] } });
  expect(manifestNow([fleet], [route])).toBe(`kind: Fleet
name: rooms
spec:
  provider:
    process:
      command: ["./room", "--name=the room"]
      env:
        MODE: "on"
  capacity:
    sessions: 20
  max_servers: 8
  drain:
    deadline: 300s
---
kind: Route
name: plaza
spec:
  fleets:
    - fleet: rooms
      weight_ppm: 1000000
`);
});

test("a refusal is shown at the lines that it names", () => {
  const said = 'spec.max_servers must be a whole number, not "x" at manifest:7:16\nunknown key colour at fleet.yaml:2:3\nline 4: no such fleet\na route is missing\nbeyond at manifest:99:1';
  expect(lineProblems(said, 10).map(({ line }) => line)).toEqual([7, 2, 4, 0, 0]);
});

describe("running, against a Greenroom in this process", () => {
  const simulated = async (change: Partial<Setup>, stopAfter = Infinity) => {
    const { simulate } = apiOn(createRouterTransport((router) => serveSimulate(router, 0)));
    const stop = new AbortController();
    const seen: Run[] = [];
    await run(simulate, requestOf(setup(change), now), stop.signal, (state) => {
      seen.push(state);
      if (state.results.length >= stopAfter) stop.abort();
    });
    return { seen, last: seen[seen.length - 1]! };
  };

  test("tells its progress, and ends with a result for each policy", async () => {
    const { seen, last } = await simulated({});
    expect(seen[0]).toMatchObject({ is: "running", progress: 0 });
    expect(last).toMatchObject({ is: "done", progress: 1, problem: "" });
    expect(last.results.map(({ policy }) => policy)).toEqual(["own", "agones-buffer:2", "hpa:0.7"]);
    const progress = seen.map((state) => state.progress);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  test("stopped, it keeps what is finished", async () => {
    const { last } = await simulated({}, 1);
    expect([last.is, last.results.length, last.problem]).toEqual(["stopped", 1, ""]);
  });

  test("a refused manifest is told with its lines", async () => {
    const { last } = await simulated({ fleets: "edited", manifest: "kind: Fleet\nspec: {max_servers: wrong}" });
    expect(last.is).toBe("failed");
    expect(lineProblems(last.problem, 2).map(({ line }) => line)).toEqual([2, 1]);
  });

  test("another simulation in the way is told in Greenroom's words", async () => {
    const { simulate } = apiOn(createRouterTransport((router) => router.service(SimulateService, {
      simulate: () => { throw new ConnectError("another simulation runs; wait for it or stop it", Code.ResourceExhausted); },
    })));
    let last: Run | undefined;
    await run(simulate, requestOf(newSetup, now), new AbortController().signal, (state) => (last = state));
    expect(last).toMatchObject({ is: "failed", problem: "another simulation runs; wait for it or stop it" });
  });
});

describe("results", () => {
  const result = (policy: string, servers: number[]) => create(SimulateResultSchema, {
    policy, serverHours: 12, boundServerHours: 10, joins: 5n, hash: "abc",
    points: servers.map((n, i) => ({ at: { seconds: BigInt(i * 60) }, servers: n, boundServers: 1, waiting: 0 })),
  });

  test("are compared with the least", () => {
    expect(ratio(result("own", []))).toBeCloseTo(1.2);
    expect(ratio({ serverHours: 3, boundServerHours: 0 })).toBeUndefined();
  });

  test("are drawn on one scale", () => {
    const { top, plots } = plotsOf("servers", [result("own", [1, 4]), result("hpa:0.7", [2, 9, 3])], translator("en"));
    expect([top, plots.map(({ atMs }) => atMs.length)]).toEqual([10, [2, 3]]);
    expect(plots[1]!.series.map(({ label }) => label)).toEqual(["the least", "servers", "open"]);
    expect(plotsOf("waiting", [result("own", [])], translator("en")).top).toBe(1);
  });

  test("are kept as files by the contract's names", () => {
    const [head, row] = csvOf([result('odd "name", indeed', [1])]).split("\n");
    expect(head).toMatch(/^policy,server_hours,bound_server_hours,.*,hash$/);
    expect(row).toMatch(/^"odd ""name"", indeed",12,10,/);
    expect(JSON.parse(jsonOf([result("own", [3])]))).toMatchObject([{ policy: "own", joins: 5, points: [{ at: "1970-01-01T00:00:00.000Z", servers: 3, bound_servers: 1 }] }]);
  });
});
