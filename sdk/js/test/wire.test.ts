import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { WireError } from "../src/bytes.js";
import { type ClientRecord, decode, encode } from "../src/wire.js";

// Written by the Go codec; its own test proves that it is fresh.
const golden = new Map(
  (JSON.parse(readFileSync("../testdata/wire.json", "utf8")) as { name: string; hex: string }[]).map(({ name, hex }) => [name, hex]),
);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const epoch = 2n ** 63n + 5n;
const entry = { key: "pos/ann", owner: 7 };

const sent: Record<string, ClientRecord> = {
  hello: { type: "hello", resume: false, epoch: 0n, offset: 0, ticket: "eyJ.t.s" },
  "hello resume": { type: "hello", resume: true, epoch, offset: 300, ticket: "eyJ.t.s" },
  "set state": { type: "state", seq: 1, flags: 3, expected: 0, ttlMs: 0, key: "pos/ann", value: utf8('{"x":1}') },
  "set state checked": { type: "state", seq: 129, flags: 8, expected: 7, ttlMs: 1500, key: "k", value: new Uint8Array([0, 255]) },
  "delete state": { type: "state", seq: 3, flags: 5, expected: 0, ttlMs: 0, key: "k", value: new Uint8Array() },
  "send event": { type: "event", seq: 4, name: "wave", payload: utf8("hi") },
  "send signal": { type: "signal", seq: 5, to: [1, 200], name: "poke", payload: new Uint8Array([9]) },
  leave: { type: "leave" },
  ping: { type: "ping", nonce: 2 ** 40 },
  "send position": { type: "position", serial: 130, position: { x: -1, y: 2, z: 32767, yaw: 128, data: new Uint8Array([7]) } },
};

const received: Record<string, unknown> = {
  welcome: {
    type: "welcome", version: 1, recovered: true, member: 7, epoch, offset: 300, lastSeq: 12, tickMs: 50, maxBytes: 65536,
    route: "plaza", key: "room-7", player: "änn", interest: true, positionStep: 0.01, farEveryMs: 1000,
  },
  snapshot: {
    type: "snapshot", first: true, last: true, epoch: 9n, offset: 301,
    members: [{ member: 7, player: "ann" }, { member: 130, player: "bob" }],
    entries: [{ ...entry, version: 1000, flags: 1, value: utf8("v".repeat(130)) }],
  },
  "snapshot part": { type: "snapshot", first: true, last: false, epoch: 9n, offset: 301, members: [], entries: [] },
  state: { type: "state", ...entry, version: 1001, flags: 3, value: utf8("v") },
  "state deleted": { type: "state", ...entry, version: 1002, flags: 4, value: new Uint8Array() },
  event: { type: "event", offset: 302, from: 7, name: "wave", payload: utf8("hi") },
  signal: { type: "signal", from: 7, name: "poke", payload: new Uint8Array([9]) },
  joined: { type: "joined", member: 8, player: "cem" },
  left: { type: "left", member: 8 },
  ack: { type: "ack", seq: 12 },
  reconnect: { type: "reconnect", afterMs: 120, url: "ws://b/room", ticket: "t2", reason: "drain" },
  resync: { type: "resync", reason: "too slow" },
  pong: { type: "pong", nonce: 2 ** 40 },
  reject: { type: "reject", seq: 12, code: 3, sentence: "version is 8" },
  positions: {
    type: "positions", entries: [
      { member: 7, far: false, position: { x: -300, y: 2, z: 0, yaw: 64, data: new Uint8Array() } },
      { member: 130, far: true, position: { x: 1, y: -2, z: -32768, yaw: 255, data: new Uint8Array([1, 2]) } },
    ],
  },
  occupancy: { type: "occupancy", members: 812 },
  staged: { type: "staged", serial: 300, retain: true, name: "light", payload: utf8("red") },
};

test("every golden record is checked here", () => {
  assert.deepEqual([...golden.keys()].sort(), [...Object.keys(sent), ...Object.keys(received)].sort());
});

for (const [name, record] of Object.entries(sent)) {
  test(`writes ${name} as Go does`, () => assert.equal(hexOf(encode(record)), golden.get(name)));
}

for (const [name, record] of Object.entries(received)) {
  test(`reads ${name} as Go wrote it`, () => {
    const bytes = new Uint8Array(Buffer.from(golden.get(name) ?? "", "hex"));
    assert.deepEqual(decode(bytes), [record]);
  });
}

test("reads several records of one message, leaves out types it does not know, and skips trailing bytes", () => {
  const known = Buffer.from(golden.get("ack") ?? "", "hex");
  const unknown = Buffer.from([0xf0, 3, 1, 2, 3]);
  const longer = Buffer.from([0x87, 3, 8, 99, 99]);
  const records = decode(new Uint8Array(Buffer.concat([known, unknown, longer])));
  assert.deepEqual(records, [{ type: "ack", seq: 12 }, { type: "left", member: 8 }]);
});

test("bytes cut short or changed are a WireError or another record, never anything else", () => {
  let random = 1;
  const next = (below: number): number => (random = (random * 48271) % 2147483647) % below;
  for (const hex of golden.values()) {
    for (let round = 0; round < 200; round++) {
      const bytes = new Uint8Array(Buffer.from(hex, "hex"));
      for (let n = next(3); n >= 0; n--) bytes[next(bytes.length)] = next(256);
      const cut = bytes.subarray(0, 1 + next(bytes.length));
      try {
        decode(cut);
      } catch (error) {
        assert.ok(error instanceof WireError, `${hexOf(cut)}: ${String(error)}`);
      }
    }
  }
});

test("a list longer than its record is refused before anything is made for it", () => {
  const huge = [0x82, 10, 3, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0];
  assert.throws(() => decode(new Uint8Array(huge)), WireError);
});
