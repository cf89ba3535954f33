// One WebSocket connection to a room, made ready: opened, its messages decoded, its end told in the journey's words.
import { WireError } from "./bytes.js";
import type { End } from "./journey.js";
import { type ClientRecord, type RoomRecord, decode, encode, subprotocol } from "./wire.js";

// The part of a browser's WebSocket that the client uses; the ws package's fits too.
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
}

export type SocketConstructor = new (url: string, protocols?: string | string[]) => Socket;

export interface Listener {
  opened(): void;
  received(record: RoomRecord): void;
  // After all records of one message.
  settled(): void;
  // Once, at the end, and nothing after it.
  ended(end: End): void;
}

const open = 1;
const protocolError = 4107;

export class Connection {
  readonly #socket: Socket;
  readonly #listener: Listener;
  #ended = false;
  #refused = false;

  constructor(make: SocketConstructor, url: string, listener: Listener) {
    this.#listener = listener;
    const socket = new make(url, subprotocol);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#ended || listener.opened();
    socket.onmessage = (event: { data: unknown }) => this.#receive(event.data);
    // Node's ws says why in the error; a browser does not, and tells everything by the close that follows.
    socket.onerror = (event: { error?: { code?: string } }) => {
      this.#refused ||= event.error?.code === "ECONNREFUSED";
    };
    socket.onclose = (event: { code: number; reason: string }) => this.#finish(endOf(event, this.#refused));
  }

  send(records: ClientRecord[]): void {
    if (this.#ended || this.#socket.readyState !== open || records.length === 0) return;
    this.#socket.send(concat(records.map(encode)));
  }

  // drop ends the connection without waiting for the other side; the listener hears the end given.
  drop(end: End): void {
    this.#finish(end);
  }

  #receive(data: unknown): void {
    if (this.#ended) return;
    try {
      if (!(data instanceof ArrayBuffer)) throw new WireError("a message is not binary");
      for (const record of decode(new Uint8Array(data))) {
        this.#listener.received(record);
        if (this.#ended) return;
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return this.#finish({ kind: "closed", code: protocolError, reason: `the room sent what this client cannot read: ${error.message}` });
    }
    this.#listener.settled();
  }

  #finish(end: End): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.close();
    this.#listener.ended(end);
  }
}

function endOf(event: { code: number; reason: string }, refused: boolean): End {
  if (event.code < 4000) return { kind: refused ? "refused" : "lost" };
  return event.reason ? { kind: "closed", code: event.code, reason: event.reason } : { kind: "closed", code: event.code };
}

function concat(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
