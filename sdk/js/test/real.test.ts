import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { JoinError, type Place, type Room, enter, join } from "../src/index.js";
import type { SocketConstructor } from "../src/socket.js";
import { Greenroom } from "./greenroom.js";

let greenroom: Greenroom;
before(async () => void (greenroom = await Greenroom.start()));
after(() => greenroom.stop());

const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !holds(); ) {
    assert.ok(Date.now() < deadline, `waited 15 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function seat(key: string, player: string): Promise<Place & { server: string }> {
  return join({ baseUrl: greenroom.url, token: greenroom.token, route: "plaza", key, player });
}

// A player in a room of the real server, and the events it hears.
async function player(key: string, name: string): Promise<{ room: Room; heard: string[]; server: string }> {
  const place = await seat(key, name);
  const room = await enter(place, { WebSocket: WebSocket as unknown as SocketConstructor, rejoin: () => seat(key, name) });
  const heard: string[] = [];
  room.on("event", ({ name, payload }) => void heard.push(`${name} ${text(payload)}`));
  return { room, heard, server: place.server };
}

test("two people in a real room, through a drain and a crash", async () => {
  const ann = await player("js-1", "ann");
  const bob = await player("js-1", "bob");
  assert.deepEqual([ann.room.route, ann.room.key, ann.room.player], ["plaza", "js-1", "ann"]);
  await eventually("both to be members", () => ann.room.members.size === 2 && bob.room.members.size === 2);

  ann.room.setState("pos/ann", '{"x":1}', { owned: true });
  ann.room.sendEvent("wave", "1");
  await eventually("bob to see ann", () => text(bob.room.state.get("pos/ann")?.value) === '{"x":1}' && bob.heard.length === 1);

  await greenroom.call("ServerService/DrainServer", { name: ann.server, policy: { wait: "0s" }, reason: "test" });
  ann.room.sendEvent("wave", "2");
  ann.room.setState("pos/ann", '{"x":2}', { owned: true });
  await eventually("both to have moved", () => ann.room.stats.reconnects === 1 && bob.room.stats.reconnects === 1);
  await eventually("bob to see ann's move", () => text(bob.room.state.get("pos/ann")?.value) === '{"x":2}' && bob.heard.length === 2);
  for (const { room } of [ann, bob]) {
    assert.deepEqual({ ...room.stats }, { reconnects: 1, recovered: 1, resyncs: 0, missed: 0, gaps: 0, duplicates: 0 });
  }

  const { server } = (await greenroom.call("SessionService/GetSession", { route: "plaza", key: "js-1" })).session as { server: string };
  assert.notEqual(server, ann.server);
  const { providerRef } = (await greenroom.call("ServerService/GetServer", { name: server })).server as { providerRef?: string };
  const pid = /^pid (\d+)$/.exec(providerRef ?? "")?.[1];
  assert.ok(pid, `the server's process is ${providerRef}`);
  process.kill(Number(pid), "SIGKILL");
  await eventually("both to be back", () => ann.room.stats.reconnects === 2 && bob.room.stats.reconnects === 2);
  ann.room.sendEvent("wave", "3");
  await eventually("bob to hear ann again", () => bob.heard.length === 3);
  assert.deepEqual(bob.heard, ["wave 1", "wave 2", "wave 3"]);
  assert.deepEqual(ann.heard, bob.heard);
  assert.equal(text(bob.room.state.get("pos/ann")?.value), '{"x":2}');

  ann.room.leave();
  await eventually("ann to be gone, with what was hers", () => bob.room.members.size === 1 && !bob.room.state.has("pos/ann"));
  bob.room.leave();
});

test("the same seat from somewhere else: the first one stops", async () => {
  const first = await player("js-2", "cem");
  const second = await player("js-2", "cem");
  await eventually("the first to be closed", () => first.room.status === "closed");
  assert.equal(second.room.status, "open");
  second.room.leave();
});

test("a join that cannot be says why", async () => {
  const config = { baseUrl: greenroom.url, token: greenroom.token, route: "nowhere", player: "ann" };
  await assert.rejects(join(config), (error: JoinError) => error.code === "not_found" && error.permanent && error.message !== "");
  await assert.rejects(join({ ...config, token: "wrong" }), (error: JoinError) => error.code === "unauthenticated");
  await assert.rejects(join({ ...config, baseUrl: "http://127.0.0.1:1" }), (error: JoinError) => error.code === "unavailable" && !error.permanent);
});
