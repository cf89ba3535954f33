import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { type SimulatePointSchema, SimulateResultSchema, SimulateService } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";

const POINTS = 288;

/** Made-up results, a step of progress every `paceMs`. A manifest with the word "wrong" is refused by its line. */
export function serveSimulate(router: ConnectRouter, paceMs = 150) {
  router.service(SimulateService, {
    simulate: async function* ({ manifest, policies }, { signal }) {
      const bad = manifest.split("\n").findIndex((line) => line.includes("wrong"));
      if (bad >= 0) throw new ConnectError(`spec.max_servers must be a whole number, not "wrong" at manifest:${bad + 1}:16\nunknown key spec.colour; did you mean spec.scaling? at manifest:1:3`, Code.InvalidArgument);
      const all = policies.length === 0 ? ["own"] : policies;
      for (const [i, policy] of all.entries()) {
        for (let part = 1; part <= 5 && !signal.aborted; part++) {
          await new Promise((resolve) => setTimeout(resolve, paceMs));
          yield { progress: (i + part / 5) / all.length };
        }
        if (signal.aborted) return;
        yield { progress: (i + 1) / all.length, result: resultOf(policy, i) };
      }
    },
  });
}

function resultOf(policy: string, place: number) {
  const factor = [1.14, 1.62, 1.41][place % 3]!;
  const start = Date.UTC(2026, 10, 21);
  const points: MessageInitShape<typeof SimulatePointSchema>[] = Array.from({ length: POINTS }, (_, i) => {
    const hour = (i / POINTS) * 24;
    const demand = 0.5 + 0.45 * Math.sin(((hour - 14) / 24) * 2 * Math.PI) + (hour > 19 && hour < 20 ? 0.35 : 0);
    const bound = Math.ceil(demand * 40);
    const servers = Math.ceil(bound * factor);
    return { at: timestampFromMs(start + i * 300_000), boundServers: bound, servers, serversOpen: Math.ceil(bound * 1.05), sessions: demand * 400, players: demand * 5_000, waiting: place > 0 && hour > 19 && hour < 19.2 ? 40 * place : 0 };
  });
  const bound = points.reduce((sum, point) => sum + point.boundServers!, 0) / 12;
  return create(SimulateResultSchema, {
    policy, boundServerHours: bound, serverHours: bound * factor, idleServerHours: bound * (factor - 1) * 0.6, playerHours: 60_000, currency: "USD", cost: bound * factor * 0.0725,
    costPerPlayerHour: (bound * factor * 0.0725) / 60_000, joins: 1_000_000n, joinsWaited: BigInt(place * 2_310), joinsFailed: BigInt(place === 2 ? 12 : 0),
    waitSecondsP50: 0, waitSecondsP99: place * 4.2, waitSecondsMax: place * 31, sessions: 80_000n, sessionsMoved: 0n, hash: `9f3c${place}a71`, points,
  });
}
