import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { type EnterOptions, type Place, type Room, RoomError, enter } from "../src/index.js";
import type { SocketConstructor } from "../src/socket.js";
import { FakeRoom, type Visit, says } from "./fakeroom.js";

const socket = { WebSocket: WebSocket as unknown as SocketConstructor };
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);
const placeAt = (fake: FakeRoom, ticket = "t1"): Place => ({ url: fake.url, ticket, player: "ann" });

async function fakeRoom(t: TestContext): Promise<FakeRoom> {
  const fake = await FakeRoom.open();
  t.after(() => fake.close());
  return fake;
}

async function entered(t: TestContext, fake: FakeRoom, options: EnterOptions = {}): Promise<{ room: Room; visit: Visit }> {
  const entering = enter(placeAt(fake), { ...socket, ...options });
  const visit = await fake.visit();
  await visit.heard("hello");
  visit.say(says.welcome({ offset: 4 }), says.snapshot({ offset: 4, entries: [{ key: "door", owner: 3, version: 1, value: "shut" }] }));
  const room = await entering;
  t.after(() => room.leave());
  return { room, visit };
}

const until = <T>(room: Room, name: "state" | "event" | "status" | "members", holds: (value: T) => boolean): Promise<T> =>
  new Promise((resolve) => {
    const off = room.on(name, (value) => {
      if (holds(value as T)) {
        off();
        resolve(value as T);
      }
    });
  });

test("enters, and has the room's state and members", async (t) => {
  const { room } = await entered(t, await fakeRoom(t));
  assert.equal(text(room.state.get("door")?.value), "shut");
  assert.deepEqual([...room.members], [[7, "ann"]]);
  assert.deepEqual([room.route, room.key, room.member, room.status], ["plaza", "room-7", 7, "open"]);
});

test("state, members and events arrive; a deleted key goes", async (t) => {
  const { room, visit } = await entered(t, await fakeRoom(t));
  const gone = until<{ key: string; value?: Uint8Array }>(room, "state", ({ value }) => value === undefined);
  visit.say(says.state({ key: "lamp", owner: 8, version: 2, value: "on" }), says.joined(8, "bob"));
  visit.say(says.state({ key: "door", owner: 8, version: 3, value: "", flags: 4 }));
  assert.equal((await gone).key, "door");
  assert.deepEqual([...room.state.keys()], ["lamp"]);
  assert.equal(room.members.get(8), "bob");
});

test("events come once and in order; what is missing or twice is counted", async (t) => {
  const { room, visit } = await entered(t, await fakeRoom(t));
  const names: string[] = [];
  room.on("event", ({ name }) => void names.push(name));
  const last = until<{ name: string }>(room, "event", ({ name }) => name === "c");
  visit.say(says.event(4, "before the snapshot"), says.event(5, "a"), says.event(5, "a"), says.event(6, "b"), says.event(9, "c"));
  await last;
  assert.deepEqual(names, ["a", "b", "c"]);
  assert.deepEqual([room.stats.duplicates, room.stats.gaps], [2, 2]);
});

test("follows a Reconnect to the new place and resumes there", async (t) => {
  const [old, next] = [await fakeRoom(t), await fakeRoom(t)];
  const { room, visit } = await entered(t, old);
  room.setState("pos/ann", "here", { owned: true });
  const state = await visit.heard("state");
  assert.deepEqual([state.seq, state.flags, state.value], [1, 3, "here"]);
  room.sendEvent("wave", "not acknowledged");
  await visit.heard("event");
  visit.say(says.ack(1), says.event(5, "a"), says.reconnect(10, next.url, "t2"));
  visit.close(4001);

  const again = await next.visit();
  assert.deepEqual(await again.heard("hello"), { type: "hello", resume: true, epoch: 9n, offset: 5, ticket: "t2" });
  const open = until<{ status: string }>(room, "status", ({ status }) => status === "open");
  const entries = [{ key: "pos/ann", owner: 7, version: 2, value: "here" }];
  again.say(says.welcome({ recovered: true, offset: 5, lastSeq: 1 }), says.snapshot({ offset: 7, entries }), says.event(6, "b"), says.event(7, "c"));
  await open;
  assert.deepEqual(await again.heard("event"), { type: "event", seq: 2, name: "wave", payload: "not acknowledged" });
  assert.deepEqual({ ...room.stats }, { reconnects: 1, recovered: 1, resyncs: 0, missed: 0, gaps: 0, duplicates: 0 });
  assert.equal(again.said.length, 0, "what the room has is not sent again");
});

test("a crashed server: joins again and gives the room what it lost", async (t) => {
  const [old, next] = [await fakeRoom(t), await fakeRoom(t)];
  const joins: number[] = [];
  const rejoin = async (): Promise<Place> => {
    joins.push(1);
    return placeAt(next, "t9");
  };
  const { room, visit } = await entered(t, old, { rejoin });
  for (const [seq, key] of [[1, "kept"], [2, "lost"], [3, "older"], [4, "theirs"]] as const) {
    room.setState(key, "mine");
    await visit.heard("state");
    visit.say(says.state({ key, owner: 7, version: 10 + seq, value: "mine" }), says.ack(seq));
  }
  await until<{ key: string }>(room, "state", ({ key }) => key === "theirs");
  old.close();

  const again = await next.visit();
  assert.equal((await again.heard("hello")).ticket, "t9");
  const entries = [
    { key: "kept", owner: 7, version: 11, value: "mine" },
    { key: "older", owner: 7, version: 9, value: "older" },
    { key: "theirs", owner: 8, version: 20, value: "newer" },
  ];
  again.say(says.welcome({ epoch: 10n }), says.snapshot({ epoch: 10n, entries }));
  const restored = [await again.heard("state"), await again.heard("state")];
  assert.deepEqual(restored.map(({ seq, key, value }) => [seq, key, value]), [[1, "lost", "mine"], [2, "older", "mine"]]);
  assert.equal(again.said.length, 0);
  assert.equal(joins.length, 1);
  assert.equal(text(room.state.get("theirs")?.value), "newer");
});

test("a cut connection comes back to the same place with the same ticket", async (t) => {
  const fake = await fakeRoom(t);
  const { room, visit } = await entered(t, fake);
  const open = until<{ status: string }>(room, "status", ({ status }) => status === "open");
  visit.cut();
  const again = await fake.visit();
  assert.deepEqual(await again.heard("hello"), { type: "hello", resume: true, epoch: 9n, offset: 4, ticket: "t1" });
  again.say(says.welcome({ offset: 9 }), says.snapshot({ offset: 9 }));
  await open;
  assert.equal(room.stats.missed, 5);
  assert.equal(room.state.size, 0, "what the snapshot lacks is gone");
});

test("a stop code ends the room with a typed error", async (t) => {
  const { room, visit } = await entered(t, await fakeRoom(t), { rejoin: () => Promise.reject(new Error("not to be called")) });
  const closed = until<{ status: string; error?: RoomError }>(room, "status", ({ status }) => status === "closed");
  visit.close(4106);
  const { error } = await closed;
  assert.ok(error instanceof RoomError);
  assert.deepEqual([error.code, error.message], [4106, "the session has ended"]);
  assert.throws(() => room.setState("k", "v"), RoomError);
});

test("enter rejects when the first ticket opens nothing", async (t) => {
  const fake = await fakeRoom(t);
  const entering = enter(placeAt(fake), socket);
  (await fake.visit()).close(4103);
  await assert.rejects(entering, (error: RoomError) => error.code === 4103);
});

test("enter rejects an address that is none", async () => {
  await assert.rejects(enter({ url: "nonsense", ticket: "t", player: "ann" }, socket), RoomError);
});

test("what the client cannot read ends the room", async (t) => {
  const { room, visit } = await entered(t, await fakeRoom(t));
  const closed = until<{ status: string; error?: RoomError }>(room, "status", ({ status }) => status === "closed");
  visit.say(new Uint8Array([0x83, 1, 0x80]));
  assert.equal((await closed).error?.code, 4107);
});

test("leave says so, and nothing can be sent afterwards", async (t) => {
  const { room, visit } = await entered(t, await fakeRoom(t));
  room.setState("k", "last word");
  room.leave();
  assert.equal((await visit.heard("state")).value, "last word");
  await visit.heard("leave");
  await visit.closed;
  assert.equal(room.status, "closed");
});

test("a silent connection is pinged, then given up", async (t) => {
  const fake = await fakeRoom(t);
  const { visit } = await entered(t, fake, { quietMs: 40 });
  await visit.heard("ping");
  await (await fake.visit()).heard("hello");
});

test("too much that is not acknowledged is refused", async (t) => {
  const { room } = await entered(t, await fakeRoom(t));
  for (let i = 0; i < 1024; i++) room.sendEvent("e");
  assert.throws(() => room.sendEvent("e"), /not acknowledged 1024 messages/);
});

test("while away, only the last value of a key waits", async (t) => {
  const fake = await fakeRoom(t);
  const { room, visit } = await entered(t, fake);
  visit.cut();
  const again = await fake.visit();
  for (let i = 0; i < 2000; i++) room.setState("pos/ann", `${i}`);
  again.say(says.welcome({ recovered: true, offset: 4 }), says.snapshot({ offset: 4 }));
  assert.deepEqual(await again.heard("state"), { type: "state", seq: 1, flags: 1, key: "pos/ann", value: "1999" });
});
