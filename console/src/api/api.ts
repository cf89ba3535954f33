import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { EventService, type Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { FleetService, type Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { HistoryService } from "@greenroom/client/gen/greenroom/v1/history_pb.ts";
import { JoinService } from "@greenroom/client/gen/greenroom/v1/join_pb.ts";
import { RolloutService, type Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { RouteService, type Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { NodeService, ServerService, type Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { SessionService, type Session as RoomSession } from "@greenroom/client/gen/greenroom/v1/session_pb.ts";
import { SimulateService } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import { SystemService } from "@greenroom/client/gen/greenroom/v1/system_pb.ts";
import type { Session } from "../session/session.ts";
import type { Change } from "../watch/reducer.ts";
import { Watcher } from "../watch/watcher.ts";
import { isUnauthenticated } from "./errors.ts";

/** Everything the console knows and does goes through here: the generated clients, and the watches built on them. */
export interface Api {
  fleets: Client<typeof FleetService>;
  routes: Client<typeof RouteService>;
  rollouts: Client<typeof RolloutService>;
  servers: Client<typeof ServerService>;
  nodes: Client<typeof NodeService>;
  sessions: Client<typeof SessionService>;
  joins: Client<typeof JoinService>;
  events: Client<typeof EventService>;
  history: Client<typeof HistoryService>;
  simulate: Client<typeof SimulateService>;
  system: Client<typeof SystemService>;
  watch: Watches;
}

/**
 * The live views. The first three are the overview's, the fourth the calendar's, the fifth that of routes and rollouts; a sessions
 * watch belongs to the page that asked.
 */
export interface Watches {
  fleets: Watcher<Fleet>;
  routes: Watcher<Route>;
  servers: Watcher<Server>;
  events: Watcher<Event>;
  rollouts: Watcher<Rollout>;
  sessions(of: { route?: string; server?: string }): Watcher<RoomSession>;
}

/** Builds the clients on the page's own origin; opens nothing yet. */
export function createApi(session: Session, baseUrl: string): Api {
  return apiOn(createConnectTransport({ baseUrl, interceptors: [bearer(session)] }));
}

/** Builds the clients on any transport; opens nothing yet. */
export function apiOn(transport: Transport): Api {
  const fleets = createClient(FleetService, transport);
  const routes = createClient(RouteService, transport);
  const servers = createClient(ServerService, transport);
  const rollouts = createClient(RolloutService, transport);
  const sessions = createClient(SessionService, transport);
  const events = createClient(EventService, transport);
  return {
    fleets,
    routes,
    rollouts,
    servers,
    nodes: createClient(NodeService, transport),
    sessions,
    joins: createClient(JoinService, transport),
    events,
    history: createClient(HistoryService, transport),
    simulate: createClient(SimulateService, transport),
    system: createClient(SystemService, transport),
    watch: {
      fleets: new Watcher((signal) => changes(fleets.watchFleets({}, { signal }), (m) => m.fleet), (fleet) => fleet.name),
      routes: new Watcher((signal) => changes(routes.watchRoutes({}, { signal }), (m) => m.route), (route) => route.name),
      servers: new Watcher((signal) => changes(servers.watchServers({}, { signal }), (m) => m.server), (server) => server.name),
      events: new Watcher((signal) => changes(events.watchEvents({}, { signal }), (m) => m.event), (event) => event.name),
      rollouts: new Watcher((signal) => changes(rollouts.watchRollouts({}, { signal }), (m) => m.rollout), (rollout) => rollout.name),
      sessions: (of) => new Watcher((signal) => changes(sessions.watchSessions(of, { signal }), (m) => m.session), sessionKey),
    },
  };
}

/** Names a session among all routes. */
export function sessionKey(session: { route: string; key: string }): string {
  return `${session.route}/${session.key}`;
}

async function* changes<M extends { type: Change<T>["type"] }, T>(stream: AsyncIterable<M>, item: (message: M) => T | undefined): AsyncIterable<Change<T>> {
  for await (const message of stream) yield { type: message.type, item: item(message) };
}

/** Shows the token with each call, and leaves the session when Greenroom does not take it any more. */
function bearer(session: Session): Interceptor {
  return (next) => async (request) => {
    const token = session.token();
    if (token !== "") request.header.set("Authorization", `Bearer ${token}`);
    const refuse = (cause: unknown): never => {
      if (token !== "" && token === session.token() && isUnauthenticated(cause)) session.leave(true);
      throw cause;
    };
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: guarded(response.message, refuse) } : response;
    } catch (cause) {
      return refuse(cause);
    }
  };
}

/** A stream's refusal comes with its end, not with its start. */
async function* guarded<M>(stream: AsyncIterable<M>, refuse: (cause: unknown) => never): AsyncIterable<M> {
  try {
    yield* stream;
  } catch (cause) {
    refuse(cause);
  }
}
