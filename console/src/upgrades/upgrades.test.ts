import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { FleetSpecSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { expect, test } from "vitest";
import { House } from "../../mock/house.ts";
import { Upgrades } from "../../mock/upgrades.ts";
import { isOld } from "../fleets/order.ts";
import { changes } from "./diff.ts";

test("two templates are compared field by field, and what is no part of the template is not", () => {
  const before = create(FleetSpecSchema, {
    minServers: 1, capacity: { sessions: 8 }, room: { tick: durationFromMs(50) },
    provider: { kind: { case: "process", value: { command: ["/srv/1.1/room", "--quiet"], env: { LOG: "info", OLD: "1" } } } },
  });
  const after = create(FleetSpecSchema, {
    minServers: 9, capacity: { sessions: 12, seats: 300 }, room: { tick: durationFromMs(50) },
    provider: { kind: { case: "process", value: { command: ["/srv/1.2/room", "--quiet"], env: { LOG: "info" } } } },
  });
  expect(changes(before, after)).toEqual([
    { path: "capacity.seats", before: "", after: "300" },
    { path: "capacity.sessions", before: "8", after: "12" },
    { path: "provider.process.command", before: "/srv/1.1/room --quiet", after: "/srv/1.2/room --quiet" },
    { path: "provider.process.env.OLD", before: "1", after: "" },
  ]);
  expect([changes(before, before), changes(undefined, undefined)]).toEqual([[], []]);
  expect(changes(undefined, create(FleetSpecSchema, { capacity: { sessions: 1 } }))).toEqual([{ path: "capacity.sessions", before: "", after: "1" }]);
});

test("a server of another template is old; what is not known is not", () => {
  expect([isOld({ revision: 3n }, 4n), isOld({ revision: 4n }, 4n), isOld({ revision: 0n }, 4n), isOld({ revision: 3n }, 0n), isOld(undefined, 4n)]).toEqual([true, false, false, false, false]);
  // An upgrade that was taken back: servers of the later template are the old ones.
  expect(isOld({ revision: 5n }, 4n)).toBe(true);
});

test("the made-up upgrade replaces one server after the other, holds while it is paused, and goes back", () => {
  const house = new House("few");
  const start = Date.now();
  const upgrades = new Upgrades(house, start);
  const status = () => house.fleets.items.get("rooms-green")!.status!.upgrade;
  const before = status()!;
  expect([before.phase, before.old > 0, before.revision]).toEqual(["running", true, 4n]);
  for (let now = start; now < start + 20_000; now += 1_000) upgrades.tick(now);
  expect(status()!.draining).toBe(2);
  upgrades.pause("rooms-green", true);
  const servers = house.serversOf("rooms-green").length;
  for (let now = start + 20_000; now < start + 60_000; now += 1_000) upgrades.tick(now);
  expect([status()!.phase, house.serversOf("rooms-green").length]).toEqual(["paused", servers]);
  upgrades.undo("rooms-green", 0n);
  expect(house.fleets.items.get("rooms-green")!.revision).toBe(3n);
  expect(house.serversOf("rooms-green").filter(({ revision, avoided }) => avoided !== (revision !== 3n))).toEqual([]);
});
