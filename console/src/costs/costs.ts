import { groupBy } from "../parts/group.ts";
import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { FleetCost } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";

/** What fleets are put together by. */
export const groupings = ["fleet", "architecture", "instance", "market"] as const;
export type Grouping = (typeof groupings)[number];

/** What one fleet, or several together, cost. */
export interface Row {
  readonly name: string;
  readonly fleets: readonly string[];
  /** "c7g.large, arm64, spot"; empty when nothing is known. */
  readonly kind: string;
  readonly serverHours: number;
  readonly idleHours: number;
  readonly playerHours: number;
  /** Empty: no price is known, and the costs are 0. */
  readonly currency: string;
  readonly cost: number;
  readonly idleCost: number;
  /** Undefined without a price or without players. */
  readonly perPlayerHour: number | undefined;
  /** How much more a player-hour costs than on the cheapest of the same currency: 0.34 is 34 % more. */
  readonly above: number | undefined;
}

/** Puts fleets together by what they run on, each currency and what has no price apart, and compares them. */
export function rowsOf(costs: readonly FleetCost[], fleets: readonly Fleet[], by: Grouping): Row[] {
  const specs = new Map(fleets.map((fleet) => [fleet.name, fleet]));
  const groups = groupBy(costs, (cost) => JSON.stringify([groupOf(specs.get(cost.fleet), cost.fleet, by), cost.currency]));
  const rows = [...groups].map(([key, group]) => together((JSON.parse(key) as [string, string])[0], group, specs));
  return rows.map((row) => ({ ...row, above: aboveCheapest(row, rows) })).sort((a, b) => b.cost - a.cost || b.serverHours - a.serverHours || (a.name < b.name ? -1 : 1));
}

function groupOf(fleet: Fleet | undefined, name: string, by: Grouping): string {
  const price = fleet?.spec?.price;
  switch (by) {
    case "fleet":
      return name;
    case "architecture":
      return price?.architecture ?? "";
    case "instance":
      return price?.instanceType ?? "";
    case "market":
      return price === undefined ? "" : price.spot ? "spot" : "on demand";
  }
}

function together(name: string, costs: readonly FleetCost[], specs: ReadonlyMap<string, Fleet>): Row {
  const sum = (of: (cost: FleetCost) => number) => costs.reduce((all, one) => all + of(one), 0);
  const [cost, playerHours, currency] = [sum((c) => c.cost), sum((c) => c.playerHours), costs[0]!.currency];
  return {
    name,
    fleets: costs.map(({ fleet }) => fleet).sort(),
    kind: [...new Set(costs.map(({ fleet }) => kindOf(specs.get(fleet))).filter((kind) => kind !== ""))].join("; "),
    serverHours: sum((c) => c.serverHours),
    idleHours: sum((c) => c.idleServerHours),
    playerHours,
    currency,
    cost,
    idleCost: sum((c) => c.idleCost),
    perPlayerHour: currency !== "" && playerHours > 0 ? cost / playerHours : undefined,
    above: undefined,
  };
}

function kindOf(fleet: Fleet | undefined): string {
  const price = fleet?.spec?.price;
  return price === undefined ? "" : [price.instanceType, price.architecture, price.spot ? "spot" : ""].filter((part) => part !== "").join(", ");
}

function aboveCheapest(row: Row, rows: readonly Row[]): number | undefined {
  if (row.perPlayerHour === undefined) return undefined;
  const others = rows.filter(({ currency, perPlayerHour }) => currency === row.currency && perPlayerHour !== undefined);
  const cheapest = Math.min(...others.map(({ perPlayerHour }) => perPlayerHour!));
  return cheapest > 0 ? row.perPlayerHour / cheapest - 1 : undefined;
}

/** Money by currency: amounts of different ones are never added up. */
export function totalsOf(rows: readonly Row[]): { currency: string; cost: number; idleCost: number }[] {
  const known = rows.filter(({ currency }) => currency !== "");
  return [...groupBy(known, ({ currency }) => currency)].map(([currency, of]) => ({
    currency,
    cost: of.reduce((sum, row) => sum + row.cost, 0),
    idleCost: of.reduce((sum, row) => sum + row.idleCost, 0),
  }));
}

/** What to add to a fleet's file so that its costs are known. */
export function priceSnippet(fleet: string): string {
  return `kind: Fleet
name: ${fleet}
spec:
  # … as it is, and:
  price:
    per_server_hour: 0.0725   # of one server, from its start to its end
    currency: USD
    instance_type: c7g.large  # these three are shown beside it
    architecture: arm64
    spot: false`;
}
