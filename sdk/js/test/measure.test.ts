import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { join, latencies, measure } from "../src/index.js";

async function echo(delayMs: number, status = 204): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => {
    setTimeout(() => response.writeHead(status).end(), delayMs).unref();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/echo` };
}

test("measure finds the shortest way to each region, and leaves out what does not answer", async () => {
  const [near, far, bad, slow] = await Promise.all([echo(0), echo(80), echo(0, 500), echo(10_000)]);
  try {
    const got = await measure(
      [
        { name: "near", echo: ["udp://127.0.0.1:1", far.url, near.url] },
        { name: "far", echo: [far.url] },
        { name: "bad", echo: [bad.url] },
        { name: "slow", echo: [slow.url] },
        { name: "mute" },
      ],
      { probes: 3, timeoutMs: 300 },
    );
    assert.deepEqual([...got.keys()].sort(), ["far", "near"]);
    const nearMs = got.get("near") ?? Number.NaN;
    const farMs = got.get("far") ?? Number.NaN;
    assert.ok(farMs >= 79 && nearMs < farMs, `near ${nearMs} ms, far ${farMs} ms`);
  } finally {
    for (const one of [near, far, bad, slow]) {
      one.server.closeAllConnections();
      one.server.close();
    }
  }
});

test("a join takes what was measured", async () => {
  let sent: unknown;
  const fetch = async (_: unknown, init?: RequestInit) => {
    sent = JSON.parse(String(init?.body));
    const body = { route: "plaza", key: "k", fleet: "f", server: "s", region: "tokyo", endpoints: [{ name: "ws", url: "ws://a/room" }], tickets: [{ player: "ann", ticket: "t", expiresAt: "" }] };
    return new Response(JSON.stringify(body));
  };
  const place = await join({ baseUrl: "http://x", route: "plaza", player: "ann", latencies: new Map([["tokyo", 12.3456]]), fetch: fetch as typeof globalThis.fetch });
  assert.deepEqual((sent as { latencies: unknown }).latencies, { tokyo: "0.012346s" });
  assert.equal(place.region, "tokyo");
  assert.deepEqual(latencies(new Map([["far", 99_000]])), { far: "60.000000s" });
});
