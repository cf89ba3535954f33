import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { spanMillis } from "../i18n/format.ts";

/** The contract's deadline when a fleet sets none. */
export const DEFAULT_DEADLINE_MS = 3_600_000;

/** What draining a server now would touch. */
export interface Touch {
  sessions: number;
  players: number;
  waitMs: number;
  latestMs: number;
}

/** Says it from what is known of the server and its fleet's policy. Seats on their way count as players. */
export function touchOf(server: Server, fleet: Fleet | undefined, nowMs: number): Touch {
  const policy = fleet?.spec?.drain;
  return {
    sessions: server.sessions,
    players: server.seatsClaimed + server.seatsReserved,
    waitMs: spanMillis(policy?.wait),
    latestMs: nowMs + (spanMillis(policy?.deadline) || DEFAULT_DEADLINE_MS),
  };
}
