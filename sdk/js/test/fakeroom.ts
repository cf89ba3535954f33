// A room of one player for tests: it takes what the client says and answers as the test wants. The bytes are those of
// docs/WIRE.md, written by hand on the room's side.
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { Reader, Writer, toBytes } from "../src/bytes.js";

export type Said =
  | { type: "hello"; resume: boolean; epoch: bigint; offset: number; ticket: string }
  | { type: "state"; seq: number; flags: number; key: string; value: string }
  | { type: "event"; seq: number; name: string; payload: string }
  | { type: "leave" }
  | { type: "ping"; nonce: number }
  | { type: "position"; serial: number; x: number; y: number; z: number; yaw: number; data: string };

export interface Kept {
  key: string;
  owner: number;
  version: number;
  value: string;
}

const record = (type: number, body: Writer): Uint8Array => new Writer().byte(type).bytes(body.done()).done();

export const says = {
  welcome: (o: { recovered?: boolean; interest?: boolean; member?: number; epoch?: bigint; offset?: number; lastSeq?: number }) =>
    record(0x81, new Writer().byte(1).byte((o.recovered ? 1 : 0) | (o.interest ? 2 : 0)).uvarint(o.member ?? 7).uvarint(o.epoch ?? 9n).uvarint(o.offset ?? 0)
      .uvarint(o.lastSeq ?? 0).uvarint(50).uvarint(65536).string("plaza").string("room-7").string("ann").uvarint(10000).uvarint(1000)),
  snapshot: (o: { flags?: number; epoch?: bigint; offset?: number; entries?: Kept[] }) => {
    const body = new Writer().byte(o.flags ?? 3).uvarint(o.epoch ?? 9n).uvarint(o.offset ?? 0).uvarint(1).uvarint(7).string("ann");
    body.uvarint(o.entries?.length ?? 0);
    for (const e of o.entries ?? []) body.string(e.key).uvarint(e.owner).uvarint(e.version).byte(1).bytes(toBytes(e.value));
    return record(0x82, body);
  },
  state: (e: Kept & { flags?: number }) =>
    record(0x83, new Writer().uvarint(e.owner).uvarint(e.version).byte(e.flags ?? 1).string(e.key).bytes(toBytes(e.value))),
  event: (offset: number, name: string) => record(0x84, new Writer().uvarint(offset).uvarint(8).string(name).bytes(new Uint8Array())),
  joined: (member: number, player: string) => record(0x86, new Writer().uvarint(member).string(player)),
  ack: (seq: number) => record(0x88, new Writer().uvarint(seq)),
  reconnect: (afterMs: number, url: string, ticket: string) =>
    record(0x89, new Writer().uvarint(afterMs).string(url).string(ticket).string("drain")),
  left: (member: number) => record(0x87, new Writer().uvarint(member)),
  positions: (...entries: { member: number; far?: boolean; x: number; y: number; yaw: number }[]) => {
    let body = new Writer().byte(1);
    for (const e of entries) body = body.uvarint(e.member * 4 + (e.far ? 2 : 0)).int16(e.x).int16(e.y).int16(0).byte(e.yaw);
    return record(0x8d, body);
  },
  corrected: (x: number, y: number) => {
    const place = new Writer().uvarint(1).int16(x).int16(y).int16(0).byte(0).bytes(new Uint8Array()).done();
    return record(0x85, new Writer().uvarint(0).string("sys/position").bytes(place));
  },
  occupancy: (members: number) => record(0x8e, new Writer().uvarint(members)),
  staged: (serial: number, name: string, payload: string) =>
    record(0x8f, new Writer().uvarint(serial).byte(0).string(name).bytes(toBytes(payload))),
  resync: () => record(0x8a, new Writer().string("too slow")),
};

// Visit is one connection, from the room's side.
export class Visit {
  readonly said: Said[] = [];
  readonly #socket: WebSocket;
  #waiting: { type: string; resolve: (said: Said) => void }[] = [];
  readonly closed: Promise<void>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.on("close", () => resolve()));
    socket.on("message", (data: Buffer) => {
      const reader = new Reader(new Uint8Array(data));
      while (reader.left > 0) this.#take(parse(reader.byte(), new Reader(reader.bytes())));
    });
  }

  #take(said: Said): void {
    const at = this.#waiting.findIndex(({ type }) => type === said.type);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(said);
    else this.said.push(said);
  }

  // heard waits for the client's next record of a type, and takes it.
  heard<T extends Said["type"]>(type: T): Promise<Extract<Said, { type: T }>> {
    const at = this.said.findIndex((said) => said.type === type);
    if (at >= 0) return Promise.resolve(this.said.splice(at, 1)[0] as Extract<Said, { type: T }>);
    return new Promise((resolve) => this.#waiting.push({ type, resolve: (said) => resolve(said as Extract<Said, { type: T }>) }));
  }

  say(...records: Uint8Array[]): void {
    this.#socket.send(Buffer.concat(records));
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

function parse(type: number, body: Reader): Said {
  const text = (): string => new TextDecoder().decode(body.bytes());
  switch (type) {
    case 1:
      body.byte();
      return { type: "hello", resume: body.byte() === 1, epoch: body.big(), offset: body.uvarint(), ticket: body.string() };
    case 2: {
      const seq = body.uvarint();
      const flags = body.byte();
      if (flags & 8) body.uvarint();
      body.uvarint();
      return { type: "state", seq, flags, key: body.string(), value: text() };
    }
    case 3:
      return { type: "event", seq: body.uvarint(), name: body.string(), payload: text() };
    case 5:
      return { type: "leave" };
    case 6:
      return { type: "ping", nonce: body.uvarint() };
    case 7: {
      const [serial, x, y, z, yaw] = [body.uvarint(), body.int16(), body.int16(), body.int16(), body.byte()];
      return { type: "position", serial, x, y, z, yaw, data: text() };
    }
    default:
      throw new Error(`record ${type} is not one these tests know`);
  }
}

// FakeRoom listens on a port of its own.
export class FakeRoom {
  readonly #server: WebSocketServer;
  readonly url: string;
  #arrived: Visit[] = [];
  #waiting: ((visit: Visit) => void)[] = [];

  private constructor(server: WebSocketServer) {
    this.#server = server;
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/room`;
    server.on("connection", (socket) => {
      const visit = new Visit(socket);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(visit);
      else this.#arrived.push(visit);
    });
  }

  static open(): Promise<FakeRoom> {
    return new Promise((resolve) => {
      const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "greenroom.v1" });
      server.on("listening", () => resolve(new FakeRoom(server)));
    });
  }

  visit(): Promise<Visit> {
    const arrived = this.#arrived.shift();
    return arrived ? Promise.resolve(arrived) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    for (const socket of this.#server.clients) socket.terminate();
    this.#server.close();
  }
}
