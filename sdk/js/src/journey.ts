// The journey decides, after a connection ended, where a client goes next. Pure: it is given what happened and the time,
// and holds no clock, timer or random source. sdk/testdata/journey.json tells its stories, for this and the Go client.
import { RoomError, mayReconnect, mustStop, sentence, ticketIsStale } from "./close.js";

// Place is where a player's seat is, and the secret that opens it.
export interface Place {
  url: string;
  ticket: string;
  player: string;
}

// End is what became of a connection, of a try to make one, or of a join.
export interface End {
  // "closed": the room closed it with a code; "refused": nobody listens there; "lost": anything else;
  // "unjoined": a join failed, "unjoinable": and would fail again.
  kind: "closed" | "refused" | "lost" | "unjoined" | "unjoinable";
  code?: number;
  reason?: string;
  // The connection had got as far as its first snapshot.
  entered?: boolean;
  // The room's Reconnect record, with an empty url and ticket: join again. afterMs counts from now.
  redirect?: { afterMs: number; url: string; ticket: string };
  // After "unjoined": the API's retry-after.
  retryAfterMs?: number;
}

// Step is what to do, after a delay of afterMs and a random part of jitterMs.
export type Step =
  | { do: "dial" | "join"; afterMs: number; jitterMs: number }
  | { do: "stop"; error: RoomError };

// The pauses before the tries of one place after a lost connection: half a second in all.
const sameTries = [0, 150, 350];
const sameJitterMs = 50;
const firstBackoffMs = 100;
const maxBackoffMs = 2000;

export class Journey {
  place: Place;
  readonly #canJoin: boolean;
  readonly #rejoinForMs: number;
  #everEntered = false;
  #tries = 0;
  #joins = 0;
  #awaySince: number;

  // now is in ms of any clock that only goes forward. A client that has not come in for rejoinForMs stops.
  constructor(place: Place, canJoin: boolean, rejoinForMs: number, now: number) {
    this.place = place;
    this.#canJoin = canJoin;
    this.#rejoinForMs = rejoinForMs;
    this.#awaySince = now;
  }

  // joined takes the answer of a join; dial it at once.
  joined(place: Place): void {
    this.place = place;
    this.#tries = 0;
  }

  next(end: End, now: number): Step {
    if (end.entered) {
      this.#everEntered = true;
      this.#tries = 0;
      this.#joins = 0;
      this.#awaySince = now;
    }
    if (end.kind === "unjoinable") return stop(0, end.reason ?? "joining again is not possible");
    if (now - this.#awaySince > this.#rejoinForMs) {
      return stop(end.code ?? 0, `gave up after ${this.#rejoinForMs} ms: ${describe(end)}`);
    }
    if (end.kind === "unjoined") return this.#join(end.retryAfterMs ?? 0, end);
    if (end.kind === "closed" && mustStop(end.code ?? 0)) {
      const stale = ticketIsStale(end.code ?? 0) && this.#everEntered && !end.entered && this.#canJoin;
      return stale ? this.#join(0, end) : stop(end.code ?? 0, describe(end));
    }
    if (end.redirect && end.redirect.url !== "") {
      this.place = { url: end.redirect.url, ticket: end.redirect.ticket, player: this.place.player };
      this.#tries = 0;
      return { do: "dial", afterMs: end.redirect.afterMs, jitterMs: 0 };
    }
    if (end.redirect) return this.#join(end.redirect.afterMs, end);
    if (end.kind === "closed" && mayReconnect(end.code ?? 0)) return this.#join(0, end);
    const pause = sameTries[this.#tries];
    if ((end.kind === "refused" && this.#canJoin) || pause === undefined) return this.#join(0, end);
    this.#tries++;
    return { do: "dial", afterMs: pause, jitterMs: sameJitterMs };
  }

  // The first join goes out at once, spread a little; further ones wait longer and longer.
  #join(afterMs: number, end: End): Step {
    if (!this.#canJoin) return stop(end.code ?? 0, describe(end));
    const backoff = this.#joins === 0 ? 0 : Math.min(firstBackoffMs * 2 ** (this.#joins - 1), maxBackoffMs);
    this.#joins++;
    return { do: "join", afterMs: Math.max(afterMs, backoff), jitterMs: backoff === 0 ? sameJitterMs : backoff };
  }
}

function describe(end: End): string {
  if (end.reason) return end.reason;
  if (end.kind === "closed") return sentence(end.code ?? 0);
  return end.kind === "refused" ? "nobody answers at the server's address" : "the connection was lost";
}

function stop(code: number, message: string): Step {
  return { do: "stop", error: new RoomError(code, message) };
}
