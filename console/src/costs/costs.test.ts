import { create } from "@bufbuild/protobuf";
import { FleetSchema, type FleetSpec } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { type FleetCost, FleetCostSchema } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { expect, test } from "vitest";
import { priceSnippet, rowsOf, totalsOf } from "./costs.ts";

const cost = (fleet: string, values: Partial<FleetCost>) => create(FleetCostSchema, { fleet, currency: "USD", ...(values as object) });
const fleet = (name: string, price?: { architecture?: string; instanceType?: string; spot?: boolean }) =>
  create(FleetSchema, { name, spec: { price } as unknown as FleetSpec });

const costs = [
  cost("intel", { serverHours: 100, idleServerHours: 20, playerHours: 1_000, cost: 10, idleCost: 2 }),
  cost("arm", { serverHours: 80, idleServerHours: 8, playerHours: 1_000, cost: 5, idleCost: 0.5 }),
  cost("arm-spot", { serverHours: 20, idleServerHours: 0, playerHours: 500, cost: 1, idleCost: 0 }),
  cost("tokyo", { serverHours: 10, playerHours: 100, cost: 900, idleCost: 0, currency: "JPY" }),
  cost("old", { serverHours: 24, idleServerHours: 24, currency: "" }),
];
const fleets = [
  fleet("intel", { architecture: "x86", instanceType: "c7i.large" }),
  fleet("arm", { architecture: "arm64", instanceType: "c7g.large" }),
  fleet("arm-spot", { architecture: "arm64", instanceType: "c7g.large", spot: true }),
  fleet("tokyo", { architecture: "arm64" }),
  fleet("old"),
];

test("fleets are compared by what a player-hour costs, within a currency", () => {
  const rows = rowsOf(costs, fleets, "fleet");
  const by = (name: string) => rows.find((row) => row.name === name)!;
  expect(by("intel")).toMatchObject({ perPlayerHour: 0.01, kind: "c7i.large, x86" });
  expect([by("intel").above, by("arm-spot").above, by("tokyo").above].map((n) => Math.round(n! * 100))).toEqual([400, 0, 0]);
  expect(by("arm-spot").kind).toBe("c7g.large, arm64, spot");
  expect(by("old")).toMatchObject({ perPlayerHour: undefined, above: undefined, kind: "" });
});

test("put together by architecture, arm64 is one row for each currency", () => {
  const rows = rowsOf(costs, fleets, "architecture");
  expect(rows.map(({ name, currency, fleets }) => `${name} ${currency}: ${fleets.join("+")}`).sort()).toEqual([" : old", "arm64 JPY: tokyo", "arm64 USD: arm+arm-spot", "x86 USD: intel"]);
  const arm = rows.find(({ name, currency }) => name === "arm64" && currency === "USD")!;
  expect([arm.cost, arm.serverHours, arm.perPlayerHour]).toEqual([6, 100, 6 / 1_500]);
  expect(rows.find(({ name }) => name === "x86")!.above).toBeCloseTo(1.5);
});

test("by instance type and by market, and for a fleet that is gone", () => {
  expect(rowsOf(costs, fleets, "instance").map(({ name }) => name).sort()).toEqual(["", "", "c7g.large", "c7i.large"]);
  expect(rowsOf(costs, fleets, "market").map(({ name }) => name).sort()).toEqual(["", "on demand", "on demand", "spot"]);
  expect(rowsOf(costs, [], "fleet")).toHaveLength(5);
});

test("currencies are not added up", () => {
  expect(totalsOf(rowsOf(costs, fleets, "fleet")).sort((a, b) => a.cost - b.cost)).toEqual([{ currency: "USD", cost: 16, idleCost: 2.5 }, { currency: "JPY", cost: 900, idleCost: 0 }]);
  expect(totalsOf([])).toEqual([]);
});

test("a fleet without players has no price of a player-hour", () => {
  expect(rowsOf([cost("quiet", { serverHours: 3, cost: 1 })], [], "fleet")[0]).toMatchObject({ perPlayerHour: undefined, above: undefined, cost: 1 });
});

test("the price is shown as it is set", () => {
  expect(priceSnippet("rooms")).toMatch(/^kind: Fleet\nname: rooms\nspec:\n[^]*\n  price:\n    per_server_hour: /);
});
