// A room as a player sees it: its members, its state, its events, and a connection that finds its way back by itself.
import { toBytes } from "./bytes.js";
import { RoomError } from "./close.js";
import { Emitter } from "./events.js";
import { type End, Journey, type Place } from "./journey.js";
import { type Message, Outbox } from "./outbox.js";
import type { MemberPlace, Move, Position } from "./positions.js";
import { Connection, type Listener, type SocketConstructor } from "./socket.js";
import { type State, type StateChange, type Stats, View } from "./view.js";
import { type ClientRecord, type Reconnect, type RoomRecord, correctSignal, decodeCorrection, stateCheck, stateDelete, stateOwned, stateRetain } from "./wire.js";

export interface EnterOptions {
  // Where the runtime has no WebSocket of its own (Node before 22): the ws package's.
  WebSocket?: SocketConstructor;
  // Asks for a place again when the old one is gone; usually () => join(…) with the same key and player.
  rejoin?: () => Promise<Place>;
  // Ends the room, and a pending enter, as leave does.
  signal?: AbortSignal;
  // A way back in is looked for this long. Default 60,000 ms.
  rejoinForMs?: number;
  // A connection that is silent this long is pinged, and given up after as long again. Default 5,000 ms.
  quietMs?: number;
}

export interface StateOptions {
  // Kept by the room for those who come later. Default true.
  retain?: boolean;
  // Deleted when this player leaves. Default false.
  owned?: boolean;
  // The room deletes it after this long. 0, the default: never.
  ttlMs?: number;
  // Taken only if the key is at this version; 0: only if there is no such key.
  ifVersion?: number;
}

export type Status = "connecting" | "open" | "reconnecting" | "closed";

export interface RoomEvent {
  name: string;
  from: number;
  offset: number;
  payload: Uint8Array;
}

export type RoomEvents = {
  state: StateChange;
  event: RoomEvent;
  signal: { name: string; from: number; payload: Uint8Array };
  members: Map<number, string>;
  // The members whose place is another one now, or who are no longer far enough in sight to have one.
  positions: number[];
  // Where the room's game has this player stand, in place of what it said; undefined: nowhere yet.
  corrected: Position | undefined;
  // How many members there are, in rooms where one is told of those in sight only.
  occupancy: number;
  // A message to every room of the space. A gap in serial says that some were lost; what is retained may come twice.
  staged: { name: string; serial: number; retain: boolean; payload: Uint8Array };
  // error is set with "closed" when the room ended otherwise than by leave.
  status: { status: Status; error?: RoomError };
  // The room could not give this client every event: it read too slowly, or came back too late. events is how many there
  // were; 0: nobody knows, the room lost its history.
  missed: { events: number };
  // The room did not take a message; seq is what the sending method returned.
  reject: { seq: number; code: number; sentence: string };
};

export class Room extends Emitter<RoomEvents> {
  readonly #view = new View();
  readonly #outbox = new Outbox();
  readonly #options: EnterOptions;
  readonly #socketClass: SocketConstructor;
  readonly #journey: Journey;
  #connection: Connection | undefined;
  #status: Status = "connecting";
  #entered = false; // on this connection
  #redirect: { record: Reconnect; at: number } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;
  #nonce = 0;
  #flushing = false;
  #moved: Move | undefined; // where this player stands, once it said so
  #moveDue = false;
  #serial = 0;
  route = "";
  key = "";

  // Use enter instead.
  constructor(place: Place, options: EnterOptions) {
    super();
    const socketClass = options.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor | undefined);
    if (!socketClass) throw new RoomError(0, "this runtime has no WebSocket; pass the ws package's as options.WebSocket");
    this.#socketClass = socketClass;
    this.#options = options;
    this.#journey = new Journey(place, options.rejoin !== undefined, options.rejoinForMs ?? 60_000, performance.now());
    options.signal?.addEventListener("abort", () => this.leave(), { once: true });
    this.#dial();
  }

  // What the room keeps, by key. Kept up to date in place; do not change it.
  get state(): ReadonlyMap<string, State> {
    return this.#view.state;
  }

  // Who is connected: player by member number. Kept up to date in place.
  get members(): ReadonlyMap<number, string> {
    return this.#view.members;
  }

  // Where the members stand who said so, by member number. Kept up to date in place.
  get positions(): ReadonlyMap<number, MemberPlace> {
    return this.#view.positions.places;
  }

  // How many members the room has: of a room where one is told of those in sight only, what it said last.
  get occupancy(): number {
    return this.#view.occupancy ?? this.#view.members.size;
  }

  // This player's own member number.
  get member(): number {
    return this.#view.member;
  }

  get player(): string {
    return this.#journey.place.player;
  }

  get status(): Status {
    return this.#status;
  }

  get stats(): Readonly<Stats> {
    return this.#view.stats;
  }

  // Sets a key's value for everybody and returns the message's seq at this time. Throws when 1,024 messages or 1 MiB wait
  // for the room, or the room is closed.
  setState(key: string, value: Uint8Array | string, options: StateOptions = {}): number {
    const { retain = true, owned = false, ttlMs = 0, ifVersion } = options;
    const flags = (retain ? stateRetain : 0) | (owned ? stateOwned : 0) | (ifVersion === undefined ? 0 : stateCheck);
    return this.#send({ type: "state", seq: 0, flags, expected: ifVersion ?? 0, ttlMs, key, value: toBytes(value).slice() });
  }

  deleteState(key: string): number {
    const flags = stateRetain | stateDelete;
    return this.#send({ type: "state", seq: 0, flags, expected: 0, ttlMs: 0, key, value: new Uint8Array() });
  }

  // Tells everybody, in order and once.
  sendEvent(name: string, payload: Uint8Array | string = ""): number {
    return this.#send({ type: "event", seq: 0, name, payload: toBytes(payload).slice() });
  }

  // Tells these members alone.
  sendSignal(to: number[], name: string, payload: Uint8Array | string = ""): number {
    return this.#send({ type: "signal", seq: 0, to: [...to], name, payload: toBytes(payload).slice() });
  }

  // Says where this player stands, in units of length and degrees. The last one of a turn of the event loop goes out; it may be
  // lost, and the next one makes up for it. After a reconnect it is said again. Throws a RangeError when it is outside of
  // what the room's positions can say.
  move(to: Move): void {
    if (this.#status === "closed") throw new RoomError(0, "the room is closed");
    this.#view.positions.steps(to);
    this.#moved = { ...to };
    this.#moveDue = true;
    this.#soon();
  }

  // Gives the seat back and closes. The room cannot be used afterwards.
  leave(): void {
    if (this.#status === "closed") return;
    this.#flush();
    this.#connection?.send([{ type: "leave" }]);
    this.#close();
  }

  #send(message: Message): number {
    if (this.#status === "closed") throw new RoomError(0, "the room is closed");
    const seq = this.#outbox.add(message);
    this.#soon();
    return seq;
  }

  // What is said in one turn of the event loop goes out as one message.
  #soon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (!this.#entered) return;
    const records: ClientRecord[] = this.#outbox.take();
    if (this.#moved && this.#moveDue) {
      records.push({ type: "position", serial: ++this.#serial, position: this.#view.positions.steps(this.#moved) });
    }
    this.#moveDue = false;
    if (records.length > 0) this.#connection?.send(records);
  }

  #dial(): void {
    this.#entered = false;
    this.#redirect = undefined;
    this.#heardAt = performance.now();
    const { url, ticket } = this.#journey.place;
    const listener: Listener = {
      opened: () => {
        const { seen, epoch, offset } = this.#view;
        this.#connection?.send([{ type: "hello", resume: seen, epoch, offset, ticket }]);
      },
      received: (record) => this.#receive(record),
      settled: () => void (this.#heardAt = performance.now()),
      ended: (end) => this.#ended(end),
    };
    try {
      this.#connection = new Connection(this.#socketClass, url, listener);
    } catch (error) {
      // Not at once: whoever made the room has no listener yet.
      this.#later(0, () => this.#close(new RoomError(0, `${url} is not a room's address: ${String(error)}`)));
      return;
    }
    this.#watch();
  }

  #receive(record: RoomRecord): void {
    switch (record.type) {
      case "welcome":
        this.route = record.route;
        this.key = record.key;
        this.#outbox.resumed(record.lastSeq, !this.#view.seen);
        return this.#view.welcome(record);
      case "snapshot":
        return this.#snapshot(this.#view.snapshot(record));
      case "state":
        return this.#changed(this.#view.apply(record));
      case "event":
        return this.#event(record);
      case "signal":
        if (record.from === 0 && record.name === correctSignal) return this.#corrected(record.payload);
        return this.emit("signal", { name: record.name, from: record.from, payload: record.payload.slice() });
      case "joined":
        this.#view.members.set(record.member, record.player);
        return this.emit("members", this.#view.members);
      case "left": {
        const changes = this.#view.left(record.member);
        this.emit("members", this.#view.members);
        for (const change of changes) this.#changed(change);
        return;
      }
      case "positions": {
        const changed = this.#view.positions.take(record.entries, performance.now());
        return this.emit("positions", changed);
      }
      case "occupancy":
        this.#view.occupancy = record.members;
        return this.emit("occupancy", record.members);
      case "staged":
        return this.emit("staged", { name: record.name, serial: record.serial, retain: record.retain, payload: record.payload.slice() });
      case "ack":
        return this.#outbox.acked(record.seq);
      case "reject":
        this.#outbox.rejected(record.seq);
        return this.emit("reject", { seq: record.seq, code: record.code, sentence: record.sentence });
      case "reconnect":
        return this.#sentOn(record);
      case "resync":
        this.#view.stats.resyncs++;
        return;
      case "pong":
        return;
    }
  }

  #snapshot(changes: StateChange[] | undefined): void {
    if (!changes) return;
    if (!this.#entered) this.#outbox.restore((key) => this.#view.state.get(key), this.#view.member);
    this.#entered = true;
    this.#moveDue = true;
    if (this.#view.lost !== undefined) this.emit("missed", { events: this.#view.lost });
    this.emit("members", this.#view.members);
    for (const change of changes) this.#changed(change);
    this.#setStatus("open");
    this.#flush();
  }

  #event({ name, from, offset, payload }: RoomEvent): void {
    if (this.#view.event(offset)) this.emit("event", { name, from, offset, payload: payload.slice() });
  }

  #changed(change: StateChange): void {
    if (this.#entered) this.#outbox.echoed(change.key, change.mine, change.version, change.value === undefined);
    this.emit("state", change);
  }

  // What the game says stands, and is what a reconnect says again.
  #corrected(payload: Uint8Array): void {
    const steps = decodeCorrection(payload);
    const at = steps && this.#view.positions.units(steps);
    this.#moved = at;
    this.#moveDue = false;
    this.emit("corrected", at);
  }

  // Sent on: the old connection is listened to until it closes or the delay is over.
  #sentOn(record: Reconnect): void {
    this.#redirect = { record, at: performance.now() };
    const connection = this.#connection;
    this.#later(record.afterMs, () => connection?.drop({ kind: "lost" }));
  }

  #ended(end: End): void {
    if (this.#status === "closed") return;
    this.#connection = undefined;
    clearInterval(this.#quiet);
    const now = performance.now();
    const whole: End = { ...end, entered: this.#entered };
    if (this.#redirect) {
      const { record, at } = this.#redirect;
      whole.redirect = { afterMs: Math.max(0, record.afterMs - (now - at)), url: record.url, ticket: record.ticket };
    }
    this.#entered = false;
    if (this.#view.seen) this.#setStatus("reconnecting");
    this.#go(whole);
  }

  #go(end: End): void {
    const step = this.#journey.next(end, performance.now());
    if (step.do === "stop") return this.#close(step.error);
    this.#later(step.afterMs + Math.random() * step.jitterMs, () => (step.do === "dial" ? this.#dial() : void this.#join()));
  }

  async #join(): Promise<void> {
    try {
      const place = await this.#options.rejoin?.();
      if (this.#status === "closed" || !place) return;
      this.#journey.joined(place);
      this.#dial();
    } catch (error) {
      if (this.#status !== "closed") this.#go(endOfJoin(error));
    }
  }

  // A connection that goes quiet is pinged, then given up: a half-open one never tells.
  #watch(): void {
    const quietMs = this.#options.quietMs ?? 5_000;
    clearInterval(this.#quiet);
    this.#quiet = setInterval(() => {
      const silence = performance.now() - this.#heardAt;
      if (silence > 2 * quietMs) this.#connection?.drop({ kind: "lost" });
      else if (silence > quietMs) this.#connection?.send([{ type: "ping", nonce: ++this.#nonce }]);
    }, quietMs / 2);
  }

  #later(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #setStatus(status: Status, error?: RoomError): void {
    if (this.#status === status) return;
    this.#status = status;
    this.emit("status", error ? { status, error } : { status });
  }

  #close(error?: RoomError): void {
    clearTimeout(this.#timer);
    clearInterval(this.#quiet);
    this.#setStatus("closed", error);
    this.#connection?.drop({ kind: "lost" });
    this.#connection = undefined;
  }
}

function endOfJoin(error: unknown): End {
  const { permanent, retryAfterMs } = error as { permanent?: boolean; retryAfterMs?: number };
  const reason = error instanceof Error ? error.message : String(error);
  const end: End = { kind: permanent ? "unjoinable" : "unjoined", reason };
  if (retryAfterMs !== undefined) end.retryAfterMs = retryAfterMs;
  return end;
}

// enter takes a player's seat and resolves once the room's state is there. It rejects with a RoomError when the room
// says stop, and when no way in was found for options.rejoinForMs.
export function enter(place: Place, options: EnterOptions = {}): Promise<Room> {
  return new Promise((resolve, reject) => {
    const room = new Room(place, options);
    const off = room.on("status", ({ status, error }) => {
      if (status === "open") resolve(room);
      else if (status === "closed") reject(error ?? new RoomError(0, "left before the room answered"));
      else return;
      off();
    });
    if (options.signal?.aborted) room.leave();
  });
}
