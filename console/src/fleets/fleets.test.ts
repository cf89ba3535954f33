import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Server, ServerSchema } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { describe, expect, test } from "vitest";
import { canDrain, FILL_STEPS, fillStep, occupancy, shortName, stateName } from "./occupancy.ts";
import { byAge, layOut, matches, step } from "./order.ts";

const server = (name: string, rest: Partial<Server> = {}): Server => create(ServerSchema, { name, fleet: "rooms", ...(rest as object) });

describe("occupancy", () => {
  test("counts people on their way as there", () => {
    expect(occupancy(server("a", { seatCapacity: 10, seatsClaimed: 3, seatsReserved: 2 }))).toBe(0.5);
  });

  test("is never above all, and is by sessions where there are no seats", () => {
    expect(occupancy(server("a", { seatCapacity: 2, seatsClaimed: 9 }))).toBe(1);
    expect(occupancy(server("a", { sessionCapacity: 4, sessions: 1 }))).toBe(0.25);
    expect(occupancy(server("a"))).toBe(0);
  });

  test("empty and full have a step of their own, and the steps rise with the share", () => {
    expect([0, 1e-6, 0.999_999, 1].map(fillStep)).toEqual([0, 1, FILL_STEPS - 1, FILL_STEPS]);
    const steps = Array.from({ length: 1001 }, (_, i) => fillStep(i / 1000));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBe(FILL_STEPS + 1);
  });
});

test("every state of the contract has a name; a newer one does not break the page", () => {
  const states = Object.values(ServerState).filter((value): value is ServerState => typeof value === "number");
  expect(new Set(states.map(stateName)).size).toBe(states.length);
  expect(stateName(ServerState.DRAINING)).toBe("draining");
  expect(stateName(99 as ServerState)).toBe("unspecified");
});

test("what can be drained", () => {
  expect([ServerState.STARTING, ServerState.OPEN, ServerState.CORDONED, ServerState.DRAINING, ServerState.STOPPED].map(canDrain)).toEqual([false, true, true, false, false]);
});

test("a server's short name is what its neighbours do not share", () => {
  expect(shortName(server("rooms-7f3a"))).toBe("7f3a");
  expect(shortName(server("rooms.rack-7"))).toBe("rack-7");
  expect(shortName(server("other-7f3a"))).toBe("other-7f3a");
  expect(shortName(server("rooms-"))).toBe("rooms-");
});

describe("the grid's order", () => {
  const a = server("a", { createdAt: timestampFromMs(2_000) });
  const b = server("b", { createdAt: timestampFromMs(1_000) });
  const c = server("c", { createdAt: timestampFromMs(3_000) });

  test("is by age, so that a new server comes last", () => {
    expect(byAge([c, a, b]).map(({ name }) => name)).toEqual(["b", "a", "c"]);
  });

  test("stands still while somebody looks, even where a server was", () => {
    const before = layOut([], [b, a], false);
    const held = layOut(before, [a, c], true);
    expect(held.map(({ name, server }) => [name, server !== undefined])).toEqual([["b", false], ["a", true], ["c", true]]);
    expect(layOut(held, [a, c], false).map(({ name }) => name)).toEqual(["a", "c"]);
  });

  test("arrow keys stop at the edges", () => {
    const to = (from: number, key: string) => step(from, key, 3, 8);
    expect([to(0, "ArrowLeft"), to(0, "ArrowRight"), to(1, "ArrowDown"), to(6, "ArrowDown"), to(1, "ArrowUp"), to(7, "ArrowUp"), to(4, "Home"), to(4, "End"), to(4, "a")])
      .toEqual([0, 1, 4, 6, 1, 4, 0, 7, 4]);
  });
});

test("a filter wants every word, somewhere", () => {
  const one = server("rooms-7f3a", { reason: "no report for 11 s" });
  expect(matches(one, "cordoned", "ROOMS cord")).toBe(true);
  expect(matches(one, "cordoned", "report  7f")).toBe(true);
  expect(matches(one, "cordoned", "rooms open")).toBe(false);
});
