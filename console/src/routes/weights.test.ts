import { create } from "@bufbuild/protobuf";
import { RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { expect, test } from "vitest";
import { applyCommand, balanced, differences, draftOf, placed, routeOf, sumOf } from "./weightsForm.ts";

const route = (fleets: Record<string, number>, generation = 1n) =>
  create(RouteSchema, { name: "plaza", generation, labels: { team: "a" }, spec: { fleets: Object.entries(fleets).map(([fleet, weightPpm]) => ({ fleet, weightPpm })), queue: { maxWaiting: 7 } } });

test("weights are typed in percent, and what the form does not show stays", () => {
  const before = route({ old: 999_900, new: 100 }, 7n);
  const draft = draftOf(before);
  expect(draft).toEqual([{ fleet: "old", weight: "99.99" }, { fleet: "new", weight: "0.01" }]);
  expect(routeOf(draft, before)).toMatchObject({ generation: 7n, labels: { team: "a" }, spec: { queue: { maxWaiting: 7 }, fleets: [{ weightPpm: 999_900 }, { weightPpm: 100 }] } });
});

test("what is missing, or too much, is taken by the row that one says, if it can", () => {
  const draft = [{ fleet: "a", weight: "70" }, { fleet: "b", weight: "50" }, { fleet: "c", weight: "5" }];
  expect(sumOf(draft)).toBe(1_250_000);
  expect(balanced(draft, 0)).toEqual([{ fleet: "a", weight: "45" }, draft[1], draft[2]]);
  expect(balanced(draft, 2)).toBe(draft);
  expect(balanced([{ fleet: "a", weight: "x" }, draft[1]!], 1)).toHaveLength(2);
  expect(sumOf([{ fleet: "a", weight: "x" }])).toBeUndefined();
});

test("a conflict names the fleets that two versions weigh differently, and one that only one of them has", () => {
  expect(differences(route({ old: 900_000, new: 100_000 }), route({ old: 500_000, third: 400_000, new: 100_000 }))).toEqual([
    { fleet: "old", mine: 900_000, theirs: 500_000 }, { fleet: "third", mine: 0, theirs: 400_000 },
  ]);
  expect(differences(route({ old: 0 }), route({ old: 1_000_000 }))).toEqual([]);
});

test("complaints stand at their rows, the rest below", () => {
  expect([...placed([{ path: "spec.fleets[1].fleet", sentence: "no such fleet" }, { path: "spec.fleets", sentence: "do not add up" }])]).toEqual([[1, "no such fleet"], [-1, "do not add up"]]);
});

test("the same by the CLI", () => {
  expect(applyCommand(route({ old: 1_000_000 }))).toBe(`greenroom apply -f - <<'YAML'
kind: Route
name: plaza
labels:
  team: a
spec:
  fleets:
    - fleet: old
      weight_ppm: 1000000
  queue:
    max_waiting: 7
YAML`);
});
