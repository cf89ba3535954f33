import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EventSchema } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { applyCommand as applyEvent, createCommand, moveCommand } from "../events/form.ts";
import { historyCommand } from "../history/HistoryPage.tsx";
import { applyCommand as applyRollout, newDraft, rolloutOf } from "../rollouts/form.ts";
import { applyCommand as applyRoute } from "../routes/weightsForm.ts";
import { commandOf, newSetup } from "../simulate/form.ts";
import { lines, percent } from "./lines.ts";

/** Each command of `lines`, with everything in it that it can have. */
const samples: { [K in keyof typeof lines]: string[] } = {
  demo: [lines.demo()],
  login: [lines.login()],
  join: [lines.join("plaza", "room-7")],
  sessions: [lines.sessions("plaza")],
  explain: [lines.explain("rooms")],
  decisions: [lines.decisions(""), lines.decisions("rooms")],
  costs: [lines.costs("7d")],
  apply: [lines.apply("fleets.yaml")],
  drain: [lines.drain("rooms-7f3a")],
  undrain: [lines.undrain("rooms-7f3a")],
  newEvent: [lines.newEvent()],
  checkEvent: [lines.checkEvent("gala")],
  cancelEvent: [lines.cancelEvent("gala")],
  routes: [lines.routes()],
  regions: [lines.regions()],
  rollouts: [lines.rollouts()],
  rolloutStatus: [lines.rolloutStatus("plaza-new")],
  pauseRollout: [lines.pauseRollout("plaza-new", "it's late")],
  resumeRollout: [lines.resumeRollout("plaza-new")],
  promoteRollout: [lines.promoteRollout("plaza-new", 0), lines.promoteRollout("plaza-new", 100)],
  deleteRollout: [lines.deleteRollout("plaza-new")],
  rollback: [lines.rollback("plaza", "stay", ""), lines.rollback("plaza", "drain", "players report black screens")],
  fleet: [lines.fleet("rooms")],
  pauseUpgrade: [lines.pauseUpgrade("rooms")],
  resumeUpgrade: [lines.resumeUpgrade("rooms")],
  undoUpgrade: [lines.undoUpgrade("rooms", 0n), lines.undoUpgrade("rooms", 3n)],
  revisions: [lines.revisions("rooms")],
  nodes: [lines.nodes()],
  drainNode: [lines.drainNode("rack-7", undefined, ""), lines.drainNode("rack-7", 600_000, "new disks")],
  undrainNode: [lines.undrainNode("rack-7")],
};

const event = create(EventSchema, {
  name: "gala",
  spec: { title: "Ann's gala", route: "plaza", doorsAt: timestampFromMs(1_795_000_000_000), endsAt: timestampFromMs(1_795_007_200_000), attendance: 500, playersPerSession: 40, lead: durationFromMs(5_400_000), ramp: durationFromMs(1_200_000) },
});
const rollout = rolloutOf({
  ...newDraft("plaza", "new"), name: "plaza-new", window: "5m", samples: "50", pause: true, drain: true,
  gates: { connectErrors: { on: true, bound: "5", compared: "0.5" }, joinLatency: { on: true, bound: "250ms", compared: "3" }, reconnects: { on: true, bound: "", compared: "" }, crashes: { on: true, bound: "1", compared: "" } },
  queries: [{ name: "frames", url: "http://prometheus:9090", query: 'max(frame_ms{fleet="$fleet"}[$window])', max: "0", min: "-1", ratio: "2" }],
});
const longer = [
  createCommand(event), moveCommand("gala", { fromMs: 1_795_000_000_000 }), applyEvent(event), applyRollout(rollout),
  applyRoute(create(RouteSchema, { name: "plaza", spec: { fleets: [{ fleet: "old", weightPpm: 999_900 }, { fleet: "new", weightPpm: 100 }] } })),
  historyCommand({ fleet: "rooms" }, "7d"), historyCommand({ route: "plaza" }, { fromMs: 0, toMs: 3_600_000 }),
  ...commandOf({ ...newSetup, jitter: "10s", failures: "5" }).split("\n"), ...commandOf({ ...newSetup, demand: "recorded" }).split("\n"),
];

/** What cmd/greenroom reads with the CLI's own grammar. UPDATE=1 writes it anew. */
const file = fileURLToPath(new URL("../../testdata/lines.txt", import.meta.url));

test("every command that is shown is in the file that the CLI's test reads", () => {
  expect(Object.keys(samples).sort()).toEqual(Object.keys(lines).sort());
  const text = [...new Set([...Object.values(samples).flat(), ...longer])].map((line) => `${line}\n`).join("\n");
  if (process.env.UPDATE === "1") writeFileSync(file, text);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("no page writes a command of its own", () => {
  const sources = import.meta.glob<string>(["../**/*.tsx"], { query: "?raw", import: "default", eager: true });
  expect(Object.keys(sources).length).toBeGreaterThan(50);
  const own = Object.entries(sources).filter(([, source]) => /line=("|\{["`'])/.test(source)).map(([name]) => name);
  expect(own).toEqual([]);
});

test("a share loses nothing on its way to the CLI", () => {
  expect([1, 100, 125_000, 1_000_000].map(percent)).toEqual(["0.0001%", "0.01%", "12.5%", "100%"]);
});
