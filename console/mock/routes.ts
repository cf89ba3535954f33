import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { RegionSchema } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { type Route, RouteSchema, RouteService } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { follow } from "./follow.ts";
import type { House } from "./house.ts";
import { refuse } from "./refuse.ts";
import { weightsText } from "./rollouts.ts";

/** Routes as Greenroom keeps them: weights add up, fleets are there, and a generation that is not there any more is a conflict. */
export function serveRoutes(router: ConnectRouter, house: House, open: () => void) {
  const get = (name: string): Route => {
    const route = house.routes.items.get(name);
    if (route === undefined) throw new ConnectError(`there is no route ${name}`, Code.NotFound);
    return route;
  };
  router.service(RouteService, {
    listRoutes: () => ({ routes: [...house.routes.items.values()] }),
    getRoute: ({ name }) => ({ route: get(name) }),
    watchRoutes: async function* (_, { signal }) {
      open();
      for await (const [type, route] of follow(house.routes, signal)) yield { type, route };
    },
    applyRoute: ({ route, dryRun }) => {
      const { name, spec, generation } = route!;
      const old = house.routes.items.get(name);
      const sum = spec!.fleets.reduce((total, { weightPpm }) => total + weightPpm, 0);
      const wrong = spec!.fleets.flatMap(({ fleet }, i) => (house.fleets.items.has(fleet) ? [] : [{ path: `spec.fleets[${i}].fleet`, sentence: `there is no fleet ${JSON.stringify(fleet)}` }]));
      if (sum !== 1_000_000) wrong.push({ path: "spec.fleets", sentence: `the weights add up to ${sum}, not 1000000` });
      if (wrong.length > 0) throw refuse(wrong);
      if (generation !== 0n && generation !== (old?.generation ?? 0n)) {
        throw new ConnectError(`route ${name}: weights: yours ${weightsText(spec!.fleets)}; there now ${weightsText(old?.spec?.fleets ?? [])} (generation ${old?.generation ?? 0n}, you had ${generation})`, Code.Aborted);
      }
      const next = create(RouteSchema, { ...route!, generation: (old?.generation ?? 0n) + 1n, status: old?.status });
      if (!dryRun) house.routes.put(name, next);
      return { route: next, outcome: old === undefined ? "created" : "changed" };
    },
    listRegions: ({ route }) => {
      const fleets = route === "" ? [...house.fleets.items.keys()] : (house.routes.items.get(route)?.spec?.fleets ?? []).map(({ fleet }) => fleet);
      const regions = new Map(fleets.flatMap((name) => house.fleets.items.get(name)?.spec?.region ?? []).map((region) => [region.name, create(RegionSchema, region)]));
      return { regions: [...regions.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
    },
  });
}
