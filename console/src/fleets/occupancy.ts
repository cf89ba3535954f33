import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";

/** How many steps the one hue of occupancy has, beyond empty. */
export const FILL_STEPS = 8;

/** Seats that are taken: claimed by people who play, or reserved for people on their way. */
export function seatsTaken(server: Pick<Server, "seatsReserved" | "seatsClaimed">): number {
  return server.seatsReserved + server.seatsClaimed;
}

/** The share of a server's seats that are taken, 0 to 1. A server without seats is as full as its session slots. */
export function occupancy(server: Pick<Server, "seatsReserved" | "seatsClaimed" | "seatCapacity" | "sessions" | "sessionCapacity">): number {
  if (server.seatCapacity > 0) return Math.min(1, seatsTaken(server) / server.seatCapacity);
  return server.sessionCapacity > 0 ? Math.min(1, server.sessions / server.sessionCapacity) : 0;
}

/** The step of the hue for a share: 0 only for none at all, the last only for everything. */
export function fillStep(share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return FILL_STEPS;
  return Math.min(FILL_STEPS - 1, 1 + Math.floor(share * (FILL_STEPS - 1)));
}

const names = ["unspecified", "starting", "ready", "open", "cordoned", "draining", "empty", "stopped", "unhealthy"] as const;

/** A server state's name in the catalogue and in class names. */
export type StateName = (typeof names)[number];

/** The name of a state; a state that is newer than this console is "unspecified". */
export function stateName(state: ServerState): StateName {
  return names[state] ?? "unspecified";
}

/** Tells whether a drain can be asked for. */
export function canDrain(state: ServerState): boolean {
  return state === ServerState.READY || state === ServerState.OPEN || state === ServerState.CORDONED;
}

/** The part of a server's name that its neighbours do not share: what follows the fleet's name. */
export function shortName(server: Pick<Server, "name" | "fleet">): string {
  for (const prefix of [`${server.fleet}-`, `${server.fleet}.`]) { // of a server that was started, and of one at a fixed address
    if (server.name.startsWith(prefix) && server.name.length > prefix.length) return server.name.slice(prefix.length);
  }
  return server.name;
}
