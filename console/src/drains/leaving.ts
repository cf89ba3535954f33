import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { ServerState } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { millis } from "../i18n/format.ts";

/** A server on its way out. Moments are in milliseconds; undefined when nothing was said. */
export interface Leaving {
  readonly server: Server;
  readonly reason: string;
  readonly phase: string;
  readonly startedMs: number | undefined;
  readonly handOverMs: number | undefined;
  readonly deadlineMs: number | undefined;
  readonly sessions: number;
  readonly players: number;
}

/** Servers that drain, the nearest deadline first. */
export function leaving(servers: Iterable<Server>): Leaving[] {
  const found: Leaving[] = [];
  for (const server of servers) {
    const one = leavingOf(server);
    if (one !== undefined) found.push(one);
  }
  return found.sort((a, b) => (a.deadlineMs ?? Infinity) - (b.deadlineMs ?? Infinity) || (a.server.name < b.server.name ? -1 : 1));
}

/** How a server's drain stands; undefined for one that does not drain. */
export function leavingOf(server: Server): Leaving | undefined {
  const { drain, state } = server;
  if (drain === undefined || state !== ServerState.DRAINING) return undefined;
  return {
    server, reason: drain.reason, phase: drain.phase, startedMs: millis(drain.startedAt), handOverMs: millis(drain.handOverAt), deadlineMs: millis(drain.deadlineAt),
    sessions: drain.sessionsLeft, players: drain.playersLeft,
  };
}

/** How much of the time until the deadline is over, 0 to 1. */
export function spent({ startedMs, deadlineMs }: Leaving, nowMs: number): number {
  if (startedMs === undefined || deadlineMs === undefined) return 0;
  return Math.min(1, Math.max(0, (nowMs - startedMs) / Math.max(1, deadlineMs - startedMs)));
}

const phases = ["waiting", "handing over", "empty", "past deadline"] as const;

/** The catalogue's name for a drain's phase; undefined for one that is newer than this console. */
export function phaseKey(phase: string): `dphase.${(typeof phases)[number]}` | undefined {
  const known = phases.find((one) => one === phase);
  return known === undefined ? undefined : `dphase.${known}`;
}
