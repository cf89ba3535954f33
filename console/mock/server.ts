import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FleetService } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { JoinService } from "@greenroom/client/gen/greenroom/v1/join_pb.ts";
import { ServerService } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { SessionService } from "@greenroom/client/gen/greenroom/v1/session_pb.ts";
import { Scope, SystemService } from "@greenroom/client/gen/greenroom/v1/system_pb.ts";
import { answers, DecisionLog } from "./decisions.ts";
import { Gatherings } from "./events.ts";
import { follow } from "./follow.ts";
import { serveHistory } from "./history.ts";
import { serveSimulate } from "./simulate.ts";
import { Upgrades } from "./upgrades.ts";
import { House } from "./house.ts";
import { Nodes } from "./nodes.ts";
import { Rollouts } from "./rollouts.ts";
import { serveRoutes } from "./routes.ts";

/** A Node handler that answers greenroom.v1 from a made-up house. Any login code is taken but "bad". */
export function mockHandler(size: string) {
  const house = new House(size);
  return connectNodeAdapter({
    routes: (router) => services(router, house, size),
    interceptors: [
      (next) => async (request) => {
        if (request.service.typeName !== SystemService.typeName && request.header.get("Authorization") !== "Bearer mock") {
          throw new ConnectError("this call needs a token; make one with greenroom token login", Code.Unauthenticated);
        }
        return next(request);
      },
    ],
  });
}

function services(router: ConnectRouter, house: House, size: string) {
  const broken = size === "broken";
  const log = new DecisionLog(size);
  const upgrades = new Upgrades(house);
  const open = () => {
    if (broken) throw new ConnectError("the registry is not reachable", Code.Unavailable);
  };
  router.service(SystemService, {
    login: ({ code }) => {
      if (code === "bad") throw new ConnectError("this login link was used already or is older than 10 minutes", Code.PermissionDenied);
      return { token: "mock", expiresAt: timestampFromMs(Date.now() + 12 * 3_600_000), scope: code === "view" ? Scope.VIEW : Scope.ADMIN };
    },
  });
  router.service(FleetService, {
    watchFleets: async function* (_, { signal }) {
      open();
      for await (const [type, fleet] of follow(house.fleets, signal)) yield { type, fleet };
    },
    listFleets: () => {
      open();
      return { fleets: [...house.fleets.items.values()] };
    },
    getFleet: ({ name }) => {
      const fleet = house.fleets.items.get(name);
      if (fleet === undefined) throw new ConnectError(`there is no fleet ${name}`, Code.NotFound);
      return { fleet };
    },
    listRevisions: ({ fleet }) => ({ revisions: upgrades.revisions(fleet) }),
    pauseUpgrade: ({ fleet }) => ({ fleet: upgrades.pause(fleet, true) }),
    resumeUpgrade: ({ fleet }) => ({ fleet: upgrades.pause(fleet, false) }),
    undoUpgrade: ({ fleet, revision }) => ({ fleet: upgrades.undo(fleet, revision) }),
    explainFleet: ({ name }) => ({
      fleet: name,
      plannedAt: timestampFromMs(Date.now() - 400),
      facts: ["7 servers: 1 unhealthy, 5 open, 1 empty", "38 of 60 session slots free, 4 wanted", "0 of 1 ready servers"],
      actions: [
        { verb: "start", server: "", reason: "0 servers ready or starting, 1 wanted", result: "" },
        { verb: "stop", server: [...house.servers.items.keys()][0] ?? "", reason: "drained and empty for 4 s", result: "ok" },
      ],
      holds: ["would take 1 server away: surplus for 22 s of 60 s", ...(name === "rooms-next" ? ["would consolidate: 41 % of slots are used and 1 server could be freed, but the window 0 3 * * * for 2h is not open until 03:00"] : [])],
      answers,
    }),
    listDecisions: (request) => {
      open();
      return log.list(request);
    },
  });
  new Gatherings(size).serve(router, open);
  serveHistory(router, size, open);
  serveSimulate(router);
  serveRoutes(router, house, open);
  new Rollouts(house, size).serve(router, open);
  new Nodes(house, size).serve(router, open);
  router.service(ServerService, {
    watchServers: async function* (_, { signal }) {
      open();
      for await (const [type, server] of follow(house.servers, signal)) yield { type, server };
    },
    listServers: () => ({ servers: [...house.servers.items.values()] }),
    drainServer: ({ name, reason }) => {
      house.drain(name, reason);
      return { server: house.servers.items.get(name) };
    },
    undrainServer: ({ name }) => {
      house.undrain(name);
      return { server: house.servers.items.get(name) };
    },
  });
  router.service(SessionService, {
    getSession: ({ route, key }) => {
      const session = house.sessions.items.get(`${route}/${key}`);
      if (session === undefined) throw new ConnectError(`no session ${route}/${key}`, Code.NotFound);
      return { session };
    },
    watchSessions: async function* (of, { signal }) {
      open();
      const wanted = (session: { route: string; server: string }) => (of.route === "" || of.route === session.route) && (of.server === "" || of.server === session.server);
      for await (const [type, session] of follow(house.sessions, signal, wanted)) yield { type, session };
    },
  });
  router.service(JoinService, {
    leave: () => ({}),
    join: ({ route, key, players }) => {
      const session = house.seat(route, key === "" ? "lobby" : key);
      const server = house.servers.items.get(session.server);
      return { route, key: session.key, fleet: session.fleet, server: session.server, endpoints: server?.endpoints ?? [], tickets: players.map((player) => ({ player, ticket: "mock" })) };
    },
  });
}
