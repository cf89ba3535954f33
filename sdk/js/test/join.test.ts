import assert from "node:assert/strict";
import { test } from "node:test";
import { type JoinAnswer, placeOf } from "../src/index.js";

const secure = { name: "wss", url: "wss://a/room" };
const plain = { name: "ws", url: "ws://a/room" };

function answer(endpoints: JoinAnswer["endpoints"]): JoinAnswer {
  return { route: "plaza", key: "k", fleet: "f", server: "s", endpoints, tickets: [{ player: "ann", ticket: "secret", expiresAt: "" }] } as JoinAnswer;
}

test("placeOf takes ws, and wss where nothing else is there or the page may not do otherwise", () => {
  assert.equal(placeOf(answer([secure, plain]), "ann").url, plain.url);
  assert.equal(placeOf(answer([secure]), "ann").url, secure.url);
  const world = globalThis as { location?: unknown };
  world.location = { protocol: "https:" };
  try {
    assert.equal(placeOf(answer([plain, secure]), "ann").url, secure.url);
    assert.equal(placeOf(answer([plain]), "ann").url, plain.url);
  } finally {
    delete world.location;
  }
});

test("placeOf says what is missing", () => {
  assert.throws(() => placeOf(answer([]), "ann"), /no WebSocket endpoint/);
  assert.throws(() => placeOf(answer([plain]), "bob"), /no ticket for bob/);
});
