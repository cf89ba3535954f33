import type { Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";

/** The house in numbers. */
export interface Totals {
  players: number;
  reserved: number;
  sessions: number;
  /** Seats of all servers that take new sessions. */
  openSeats: number;
  /** Seats taken on those. */
  openSeatsTaken: number;
  freeSlots: number;
  servers: number;
  open: number;
  ready: number;
  draining: number;
  unhealthy: number;
  waiting: number;
}

/** Adds servers and routes up. */
export function totalsOf(servers: Iterable<Server>, routes: Iterable<Route>): Totals {
  const sum: Totals = {
    players: 0, reserved: 0, sessions: 0, openSeats: 0, openSeatsTaken: 0, freeSlots: 0,
    servers: 0, open: 0, ready: 0, draining: 0, unhealthy: 0, waiting: 0,
  };
  for (const server of servers) {
    sum.servers++;
    sum.players += server.seatsClaimed;
    sum.reserved += server.seatsReserved;
    sum.sessions += server.sessions;
    if (server.state === ServerState.OPEN) {
      sum.open++;
      sum.openSeats += server.seatCapacity;
      sum.openSeatsTaken += server.seatsClaimed + server.seatsReserved;
      sum.freeSlots += Math.max(0, server.sessionCapacity - server.sessions);
    } else if (server.state === ServerState.READY) sum.ready++;
    else if (server.state === ServerState.DRAINING) sum.draining++;
    else if (server.state === ServerState.UNHEALTHY) sum.unhealthy++;
  }
  for (const route of routes) sum.waiting += route.status?.waiting ?? 0;
  return sum;
}

/** The answer to "is everybody playing?". */
export type Verdict = "playing" | "waiting" | "empty" | "closed";

/** Answers it: somebody waiting outweighs everything; an empty house is open only if a join would be served. */
export function verdictOf(totals: Totals): Verdict {
  if (totals.waiting > 0) return "waiting";
  if (totals.players > 0) return "playing";
  return totals.open > 0 ? "empty" : "closed";
}
