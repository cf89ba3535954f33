import { create } from "@bufbuild/protobuf";
import { FleetSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { ServerSchema } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { expect, test } from "vitest";
import { isKey, sharesOf } from "../routes/weights.ts";
import { DEFAULT_DEADLINE_MS, touchOf } from "./drain.ts";

test("a drain touches the sessions, the people in them and on their way, until the fleet's deadline", () => {
  const server = create(ServerSchema, { sessions: 3, seatsClaimed: 40, seatsReserved: 1 });
  const fleet = create(FleetSchema, { spec: { drain: { wait: { seconds: 30n }, deadline: { seconds: 600n } } } });
  expect(touchOf(server, fleet, 1_000)).toEqual({ sessions: 3, players: 41, waitMs: 30_000, latestMs: 601_000 });
  expect(touchOf(server, undefined, 0)).toMatchObject({ waitMs: 0, latestMs: DEFAULT_DEADLINE_MS });
});

test("one fleet alone has all of a route; weights of several are as they are", () => {
  const route = (fleets: { fleet: string; weightPpm?: number }[]) => create(RouteSchema, { spec: { fleets } });
  expect(sharesOf(route([{ fleet: "a" }]))).toEqual([{ fleet: "a", ppm: 1_000_000 }]);
  expect(sharesOf(route([{ fleet: "a", weightPpm: 999_900 }, { fleet: "b", weightPpm: 100 }]))).toEqual([{ fleet: "a", ppm: 999_900 }, { fleet: "b", ppm: 100 }]);
  expect(sharesOf(create(RouteSchema, {}))).toEqual([]);
});

test("keys are those of the contract", () => {
  for (const good of ["a", "room-7", "A.b_c~d:e@f", "9".repeat(128)]) expect(isKey(good), good).toBe(true);
  for (const bad of ["", "-a", "a/b", "a b", "ä", "9".repeat(129)]) expect(isKey(bad), bad).toBe(false);
});
