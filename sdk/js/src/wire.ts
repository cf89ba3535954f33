// The records of docs/WIRE.md: what a room and its players say to each other over the WebSocket subprotocol greenroom.v1.
import { Reader, WireError, Writer } from "./bytes.js";

export const subprotocol = "greenroom.v1";
export const version = 1;

// Flags of a state: kept for late joiners; deleted when the owner's seat is released; deleted now; taken only at the
// expected version.
export const stateRetain = 1;
export const stateOwned = 2;
export const stateDelete = 4;
export const stateCheck = 8;

export type ClientRecord =
  | { type: "hello"; resume: boolean; epoch: bigint; offset: number; ticket: string }
  | { type: "state"; seq: number; flags: number; expected: number; ttlMs: number; key: string; value: Uint8Array }
  | { type: "event"; seq: number; name: string; payload: Uint8Array }
  | { type: "signal"; seq: number; to: number[]; name: string; payload: Uint8Array }
  | { type: "leave" }
  | { type: "ping"; nonce: number }
  | { type: "position"; serial: number; position: Position };

// Position is where a member stands, in steps of the room (Welcome.positionStep): x, y, z from -32768 to 32767, yaw in
// 256ths of a turn, and up to 64 bytes of the game's own.
export interface Position {
  x: number;
  y: number;
  z: number;
  yaw: number;
  data: Uint8Array;
}

export interface Entry {
  key: string;
  owner: number;
  version: number;
  flags: number;
  value: Uint8Array;
}

export interface Welcome {
  type: "welcome";
  version: number;
  recovered: boolean;
  interest: boolean;
  member: number;
  epoch: bigint;
  offset: number;
  lastSeq: number;
  tickMs: number;
  maxBytes: number;
  route: string;
  key: string;
  player: string;
  positionStep: number;
  farEveryMs: number;
}

export interface MemberPosition {
  member: number;
  far: boolean;
  position: Position;
}

export interface Snapshot {
  type: "snapshot";
  first: boolean;
  last: boolean;
  epoch: bigint;
  offset: number;
  members: { member: number; player: string }[];
  entries: Entry[];
}

export interface Reconnect {
  type: "reconnect";
  afterMs: number;
  url: string;
  ticket: string;
  reason: string;
}

export type RoomRecord =
  | Welcome
  | Snapshot
  | ({ type: "state" } & Entry)
  | { type: "event"; offset: number; from: number; name: string; payload: Uint8Array }
  | { type: "signal"; from: number; name: string; payload: Uint8Array }
  | { type: "joined"; member: number; player: string }
  | { type: "left"; member: number }
  | { type: "ack"; seq: number }
  | Reconnect
  | { type: "resync"; reason: string }
  | { type: "pong"; nonce: number }
  | { type: "reject"; seq: number; code: number; sentence: string }
  | { type: "positions"; entries: MemberPosition[] }
  | { type: "occupancy"; members: number }
  | { type: "staged"; serial: number; retain: boolean; name: string; payload: Uint8Array };

// encode gives one record: type, length of the body, body.
export function encode(record: ClientRecord): Uint8Array {
  const body = new Writer();
  const type = encodeBody(record, body);
  return new Writer().byte(type).bytes(body.done()).done();
}

function encodeBody(record: ClientRecord, to: Writer): number {
  switch (record.type) {
    case "hello":
      to.byte(version).byte(record.resume ? 1 : 0).uvarint(record.epoch).uvarint(record.offset).string(record.ticket);
      return 0x01;
    case "state":
      to.uvarint(record.seq).byte(record.flags);
      if (record.flags & stateCheck) to.uvarint(record.expected);
      to.uvarint(record.ttlMs).string(record.key).bytes(record.value);
      return 0x02;
    case "event":
      to.uvarint(record.seq).string(record.name).bytes(record.payload);
      return 0x03;
    case "signal":
      to.uvarint(record.seq).uvarint(record.to.length);
      for (const member of record.to) to.uvarint(member);
      to.string(record.name).bytes(record.payload);
      return 0x04;
    case "leave":
      return 0x05;
    case "ping":
      to.uvarint(record.nonce);
      return 0x06;
    case "position": {
      const { x, y, z, yaw, data } = record.position;
      to.uvarint(record.serial).int16(x).int16(y).int16(z).byte(yaw).bytes(data);
      return 0x07;
    }
  }
}

// A signal of this name from member 0 says where a room's game has this player stand: the body of a Position, or nothing for
// nowhere yet.
export const correctSignal = "sys/position";

// decodeCorrection reads its payload. Throws WireError.
export function decodeCorrection(payload: Uint8Array): Position | undefined {
  if (payload.length === 0) return undefined;
  const from = new Reader(payload);
  from.uvarint(); // the serial of the position that was not taken
  const [x, y, z, yaw] = [from.int16(), from.int16(), from.int16(), from.byte()];
  return { x, y, z, yaw, data: from.bytes() };
}

// decode gives the records of one WebSocket message in order; records of types it does not know are left out. Values and
// payloads are views of the message. Throws WireError.
export function decode(message: Uint8Array): RoomRecord[] {
  const from = new Reader(message);
  const records: RoomRecord[] = [];
  while (from.left > 0) {
    const type = from.byte();
    const record = decodeBody(type, new Reader(from.bytes()));
    if (record) records.push(record);
  }
  return records;
}

function decodeBody(type: number, from: Reader): RoomRecord | undefined {
  switch (type) {
    case 0x81:
      return decodeWelcome(from);
    case 0x82:
      return decodeSnapshot(from);
    case 0x83: {
      const owner = from.uvarint();
      const version = from.uvarint();
      const flags = from.byte();
      return { type: "state", owner, version, flags, key: from.string(), value: from.bytes() };
    }
    case 0x84:
      return { type: "event", offset: from.uvarint(), from: from.uvarint(), name: from.string(), payload: from.bytes() };
    case 0x85:
      return { type: "signal", from: from.uvarint(), name: from.string(), payload: from.bytes() };
    case 0x86:
      return { type: "joined", member: from.uvarint(), player: from.string() };
    case 0x87:
      return { type: "left", member: from.uvarint() };
    case 0x88:
      return { type: "ack", seq: from.uvarint() };
    case 0x89:
      return { type: "reconnect", afterMs: from.uvarint(), url: from.string(), ticket: from.string(), reason: from.string() };
    case 0x8a:
      return { type: "resync", reason: from.string() };
    case 0x8b:
      return { type: "pong", nonce: from.uvarint() };
    case 0x8c:
      return { type: "reject", seq: from.uvarint(), code: from.uvarint(), sentence: from.string() };
    case 0x8d:
      return { type: "positions", entries: decodePositions(from) };
    case 0x8e:
      return { type: "occupancy", members: from.uvarint() };
    case 0x8f:
      return { type: "staged", serial: from.uvarint(), retain: (from.byte() & 1) !== 0, name: from.string(), payload: from.bytes() };
    default:
      return undefined;
  }
}

function decodeWelcome(from: Reader): Welcome {
  const version = from.byte();
  const flags = from.byte();
  return {
    type: "welcome",
    version,
    recovered: (flags & 1) !== 0,
    interest: (flags & 2) !== 0,
    member: from.uvarint(),
    epoch: from.big(),
    offset: from.uvarint(),
    lastSeq: from.uvarint(),
    tickMs: from.uvarint(),
    maxBytes: from.uvarint(),
    route: from.string(),
    key: from.string(),
    player: from.string(),
    positionStep: from.uvarint() / 1e6,
    farEveryMs: from.uvarint(),
  };
}

// The compact encoding of positions, version 1.
function decodePositions(from: Reader): MemberPosition[] {
  if (from.byte() !== 1) throw new WireError("positions are not of version 1");
  const entries: MemberPosition[] = [];
  while (from.left > 0) {
    const head = from.uvarint();
    const [x, y, z, yaw] = [from.int16(), from.int16(), from.int16(), from.byte()];
    const data = head % 2 === 1 ? from.bytes() : new Uint8Array();
    entries.push({ member: Math.floor(head / 4), far: head % 4 >= 2, position: { x, y, z, yaw, data } });
  }
  return entries;
}

function decodeSnapshot(from: Reader): Snapshot {
  const flags = from.byte();
  const epoch = from.big();
  const offset = from.uvarint();
  const members: Snapshot["members"] = [];
  for (let n = from.count(2); n > 0; n--) members.push({ member: from.uvarint(), player: from.string() });
  const entries: Entry[] = [];
  for (let n = from.count(5); n > 0; n--) {
    const key = from.string();
    entries.push({ key, owner: from.uvarint(), version: from.uvarint(), flags: from.byte(), value: from.bytes() });
  }
  return { type: "snapshot", first: (flags & 1) !== 0, last: (flags & 2) !== 0, epoch, offset, members, entries };
}
