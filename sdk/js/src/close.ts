// What the room's close codes ask of a client: 4000–4099 reconnect, 4100–4199 stop (docs/WIRE.md).

export const closeMoved = 4001;
export const closeMalformed = 4101;
export const closeReleased = 4104;

const sentences: Record<number, string> = {
  4001: "the session moved to another server",
  4002: "the server is going away",
  4003: "this client read too slowly",
  4004: "the connection was idle for too long",
  4101: "the ticket is malformed or its signature is wrong",
  4102: "the ticket is for another server",
  4103: "the ticket has expired; join again for a new one",
  4104: "the ticket's seat was released; join again for a new one",
  4105: "the same seat connected from somewhere else",
  4106: "the session has ended",
  4107: "the room did not understand this client",
  4108: "this client sent too much",
  4109: "a message was too large",
  4110: "the session is full",
  4111: "the player was removed from the session",
  4112: "the room's game did not let the player in",
};

// sentence says in words why a connection was closed.
export function sentence(code: number): string {
  return sentences[code] ?? `the connection closed with code ${code}`;
}

export const mustStop = (code: number): boolean => code >= 4100 && code <= 4199;
export const mayReconnect = (code: number): boolean => code >= 4000 && code <= 4099;

// A ticket that opens nothing any more: with a way to join, a client that is on its way back gets a new one.
export const ticketIsStale = (code: number): boolean => code >= closeMalformed && code <= closeReleased;

// RoomError ends a room for good. code is the close code, or 0 when the client gave up by itself.
export class RoomError extends Error {
  override name = "RoomError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
