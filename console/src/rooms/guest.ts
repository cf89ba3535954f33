import { Code, ConnectError } from "@connectrpc/connect";
import { JoinError, type Place } from "@greenroom/client";
import type { Api } from "../api/api.ts";

/** Takes a seat for a guest through the API, and gives the way in and the server that was chosen. */
export async function takeSeat(api: Api, route: string, key: string, player: string, signal?: AbortSignal): Promise<Place & { server: string }> {
  try {
    const answer = await api.joins.join({ route, key, players: [player] }, signal === undefined ? {} : { signal });
    const url = answer.endpoints.find(({ name }) => name === "ws")?.url;
    const ticket = answer.tickets.find((one) => one.player === player)?.ticket;
    if (url === undefined || ticket === undefined) throw new NoDoor();
    return { url, ticket, player, server: answer.server };
  } catch (cause) {
    if (cause instanceof NoDoor) throw cause;
    const error = ConnectError.from(cause);
    throw new JoinError(wireCode(error.code), error.rawMessage);
  }
}

/** The session's server speaks no WebSocket: no browser can go there. */
export class NoDoor extends Error {
  override name = "NoDoor";
  /** Trying again does not help. */
  readonly permanent = true;
}

/** A code as the wire writes it: "resource_exhausted". */
function wireCode(code: Code): string {
  return Code[code].replace(/(?!^)([A-Z])/g, "_$1").toLowerCase();
}

const SHELF_KEY = "greenroom.guest";

/** This tab's guest name, the same after a reload. */
export function guestName(shelf: Pick<Storage, "getItem" | "setItem">, random: () => number): string {
  const kept = shelf.getItem(SHELF_KEY);
  if (kept !== null && /^guest-[a-z0-9]{4}$/.test(kept)) return kept;
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  const name = `guest-${Array.from({ length: 4 }, () => letters[Math.floor(random() * letters.length)]).join("")}`;
  shelf.setItem(SHELF_KEY, name);
  return name;
}
