import { create } from "@bufbuild/protobuf";
import { FleetWeightSchema, type Route, RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import type { Violation } from "../api/errors.ts";
import { manifestOf } from "../parts/yaml.ts";
import { readPercent, WHOLE, writePercent } from "../rollouts/scale.ts";
import { sharesOf } from "./weights.ts";

/** A route's fleets as they are typed, in percent. */
export type Draft = readonly { readonly fleet: string; readonly weight: string }[];

/** The form's rows for a route that is there. */
export function draftOf(route: Route): Draft {
  return sharesOf(route).map(({ fleet, ppm }) => ({ fleet, weight: writePercent(ppm) }));
}

/** What the rows add up to, in parts per million; undefined when a row is no percentage. */
export function sumOf(draft: Draft): number | undefined {
  const all = draft.map(({ weight }) => readPercent(weight));
  return all.some((ppm) => ppm === undefined) ? undefined : all.reduce<number>((sum, ppm) => sum + ppm!, 0);
}

/** The rows with what is missing to 100 %, or too much, taken by one of them; the same rows when it cannot take it. */
export function balanced(draft: Draft, at: number): Draft {
  const sum = sumOf(draft);
  const own = readPercent(draft[at]?.weight ?? "");
  if (sum === undefined || own === undefined || own + WHOLE - sum < 0) return draft;
  return draft.map((row, i) => (i === at ? { ...row, weight: writePercent(own + WHOLE - sum) } : row));
}

/** The route with the rows as its weights, with the generation that must be there. What the form does not show stays. */
export function routeOf(draft: Draft, before: Route): Route {
  return create(RouteSchema, {
    name: before.name, labels: before.labels, generation: before.generation,
    spec: { ...before.spec!, fleets: draft.map(({ fleet, weight }) => create(FleetWeightSchema, { fleet, weightPpm: readPercent(weight) ?? 0 })) },
  });
}

/** What two versions of a route say of each fleet; only where they differ. 0 is said of a fleet that one does not have. */
export function differences(mine: Route, theirs: Route): { fleet: string; mine: number; theirs: number }[] {
  const [a, b] = [mine, theirs].map((route) => new Map(sharesOf(route).map(({ fleet, ppm }) => [fleet, ppm])));
  const names = [...new Set([...a!.keys(), ...b!.keys()])];
  return names.map((fleet) => ({ fleet, mine: a!.get(fleet) ?? 0, theirs: b!.get(fleet) ?? 0 })).filter(({ mine, theirs }) => mine !== theirs);
}

/** Greenroom's complaints by row, and those of no row under -1. */
export function placed(violations: readonly Violation[]): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const { path, sentence } of violations) {
    const row = Number(/^(?:route\.)?spec\.fleets\[(\d+)\]/.exec(path)?.[1] ?? -1);
    found.set(row, found.has(row) ? `${found.get(row)}; ${sentence}` : sentence);
  }
  return found;
}

/** The command that gives the route these weights. */
export function applyCommand(route: Route): string {
  const manifest = manifestOf(RouteSchema, route, "Route", ["generation", "created_at", "updated_at", "status"]);
  return `greenroom apply -f - <<'YAML'\n${manifest}YAML`;
}
