import type { Server } from "@greenroom/client/gen/greenroom/v1/server_pb.ts";
import { millis } from "../i18n/format.ts";

/** One place in a grid: a server, or, while somebody looks at the grid, the place that one has left. */
export interface Place {
  readonly name: string;
  readonly server: Server | undefined;
}

/** Servers in the order of their age, then by name: a new one comes last, so that nobody's place changes. */
export function byAge(servers: Iterable<Server>): Server[] {
  return [...servers].sort((a, b) => (millis(a.createdAt) ?? 0) - (millis(b.createdAt) ?? 0) || (a.name < b.name ? -1 : 1));
}

/** Lays servers out. While `held`, the places of the last layout stay where they are, even of servers that are gone. */
export function layOut(last: readonly Place[], servers: readonly Server[], held: boolean): Place[] {
  if (!held) return servers.map((server) => ({ name: server.name, server }));
  const now = new Map(servers.map((server) => [server.name, server]));
  const kept = last.map(({ name }) => ({ name, server: now.get(name) }));
  const known = new Set(last.map(({ name }) => name));
  return [...kept, ...servers.filter(({ name }) => !known.has(name)).map((server) => ({ name: server.name, server }))];
}

/** Tells whether a server answers to a filter: every word is in its name, its fleet, its state's name or its reason. */
export function matches(server: Server, stateText: string, filter: string): boolean {
  const hay = `${server.name} ${server.fleet} ${stateText} ${server.reason}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => hay.includes(word));
}

/** The place that an arrow key leads to in a grid of `columns`; the same place at the edge. */
export function step(from: number, key: string, columns: number, count: number): number {
  const to = { ArrowLeft: from - 1, ArrowRight: from + 1, ArrowUp: from - columns, ArrowDown: from + columns, Home: 0, End: count - 1 }[key];
  return to === undefined || to < 0 || to >= count ? from : to;
}

/** Tells whether a server was started from another template than the fleet's present one. What is not known is not old. */
export function isOld(server: Pick<Server, "revision"> | undefined, revision: bigint): boolean {
  return server !== undefined && revision > 0n && server.revision > 0n && server.revision !== revision;
}
