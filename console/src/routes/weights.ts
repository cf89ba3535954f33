import type { Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";

/** One fleet's part of a route. */
export interface Share {
  readonly fleet: string;
  /** Parts per million of new sessions. */
  readonly ppm: number;
}

/** A route's shares in the order of its spec; one fleet alone has everything. */
export function sharesOf(route: Route): Share[] {
  const fleets = route.spec?.fleets ?? [];
  if (fleets.length === 1) return [{ fleet: fleets[0]!.fleet, ppm: 1_000_000 }];
  return fleets.map(({ fleet, weightPpm }) => ({ fleet, ppm: weightPpm }));
}

/** Tells whether a text can be a session's key: the contract's own rule. */
export function isKey(text: string): boolean {
  return /^[A-Za-z0-9][-A-Za-z0-9._~:@]{0,127}$/.test(text);
}
