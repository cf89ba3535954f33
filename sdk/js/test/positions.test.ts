import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { type Room, enter } from "../src/index.js";
import { Positions } from "../src/positions.js";
import type { SocketConstructor } from "../src/socket.js";
import { FakeRoom, type Visit, says } from "./fakeroom.js";

const none = new Uint8Array();

async function entered(t: TestContext, interest = false): Promise<{ fake: FakeRoom; room: Room; visit: Visit }> {
  const fake = await FakeRoom.open();
  t.after(() => fake.close());
  const entering = enter({ url: fake.url, ticket: "t1", player: "ann" }, { WebSocket: WebSocket as unknown as SocketConstructor });
  const visit = await fake.visit();
  await visit.heard("hello");
  visit.say(says.welcome({ interest }), says.snapshot({}));
  const room = await entering;
  t.after(() => room.leave());
  return { fake, room, visit };
}

const next = <T>(room: Room, name: "positions" | "corrected" | "occupancy" | "staged" | "members"): Promise<T> =>
  new Promise((resolve) => {
    const off = room.on(name, (value) => {
      off();
      resolve(value as T);
    });
  });

test("says where one stands in steps, once a turn, and again after a reconnect", async (t) => {
  const { fake, room, visit } = await entered(t);
  room.move({ x: 9, y: 9 });
  room.move({ x: -3, y: 0.02, z: 327.67, yaw: -90, data: "p" });
  const said = { type: "position", serial: 1, x: -300, y: 2, z: 32767, yaw: 192, data: "p" };
  assert.deepEqual(await visit.heard("position"), said);
  visit.cut();
  const again = await fake.visit();
  await again.heard("hello");
  again.say(says.welcome({ recovered: true }), says.snapshot({}));
  assert.deepEqual(await again.heard("position"), { ...said, serial: 2 });
});

test("what a position cannot say is refused before it is sent", async (t) => {
  const { room, visit } = await entered(t);
  assert.throws(() => room.move({ x: 327.68 }), /x is 327.68; this room reaches from -327.68 to 327.67/);
  assert.throws(() => room.move({ y: NaN }), RangeError);
  assert.throws(() => room.move({ yaw: Infinity }), RangeError);
  assert.throws(() => room.move({ data: "x".repeat(65) }), /at most 64 bytes, not 65/);
  room.sendEvent("sent after all of them");
  await visit.heard("event");
  assert.equal(visit.said.length, 0);
});

test("where the room's game has one stand is what a reconnect says again", async (t) => {
  const { fake, room, visit } = await entered(t);
  room.move({ x: 9, y: 9 });
  await visit.heard("position");
  const told = next<{ x: number; y: number }>(room, "corrected");
  visit.say(says.corrected(150, -25));
  const { x, y } = await told;
  assert.deepEqual([x, y], [1.5, -0.25]);
  visit.cut();
  const again = await fake.visit();
  await again.heard("hello");
  again.say(says.welcome({ recovered: true }), says.snapshot({}));
  const said = await again.heard("position");
  assert.deepEqual([said.serial, said.x, said.y], [2, 150, -25]);
});

test("positions of others come in units and go with their members", async (t) => {
  const { room, visit } = await entered(t);
  const told = next<number[]>(room, "positions");
  visit.say(says.joined(8, "bob"), says.positions({ member: 8, x: -300, y: 250, yaw: 64 }));
  assert.deepEqual(await told, [8]);
  assert.deepEqual(room.positions.get(8), { x: -3, y: 2.5, z: 0, yaw: 90, data: none, far: false });
  const gone = next(room, "members");
  visit.say(says.left(8));
  await gone;
  assert.equal(room.positions.size, 0);
});

test("who leaves the sight takes what it owns along", async (t) => {
  const { room, visit } = await entered(t, true);
  const changes: string[] = [];
  room.on("state", ({ key, value }) => void changes.push(`${key} ${value ? "set" : "gone"}`));
  visit.say(says.joined(8, "bob"), says.state({ key: "hat", owner: 8, version: 2, value: "red", flags: 3 }));
  visit.say(says.state({ key: "door", owner: 8, version: 3, value: "shut", flags: 1 }), says.left(8), says.occupancy(812));
  assert.equal(await next(room, "occupancy"), 812);
  assert.deepEqual(changes, ["hat set", "door set", "hat gone"]);
  assert.deepEqual([[...room.state.keys()], room.occupancy], [["door"], 812]);
});

test("a message of the stage", async (t) => {
  const { room, visit } = await entered(t);
  const told = next(room, "staged");
  visit.say(says.staged(7, "light", "red"));
  assert.deepEqual(await told, { name: "light", serial: 7, retain: false, payload: new TextEncoder().encode("red") });
});

test("a far member is forgotten when none came for three intervals", () => {
  const positions = new Positions();
  positions.resized(0.01, 1000);
  const at = { x: 0, y: 0, z: 0, yaw: 0, data: none };
  positions.take([{ member: 1, far: true, position: at }, { member: 2, far: false, position: at }], 0);
  assert.deepEqual(positions.take([], 3000), []);
  assert.deepEqual(positions.take([], 3001), [1]);
  assert.deepEqual([...positions.places.keys()], [2]);
});
