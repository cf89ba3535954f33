import { Code, ConnectError } from "@connectrpc/connect";
import { ChangeType } from "@greenroom/client/gen/greenroom/v1/types_pb.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Change } from "./reducer.ts";
import { Watcher } from "./watcher.ts";

interface Thing {
  name: string;
}
const added = (name: string): Change<Thing> => ({ type: ChangeType.ADDED, item: { name } });
const synced: Change<Thing> = { type: ChangeType.SYNCED, item: undefined };

/** The other end of the streams: each is told what to say by hand. */
class Server {
  opened: { say: (...changes: Change<Thing>[]) => void; fail: (cause: unknown) => void; signal: AbortSignal }[] = [];

  readonly open = (signal: AbortSignal): AsyncIterable<Change<Thing>> => {
    let control: ReadableStreamDefaultController<Change<Thing>>;
    const stream = new ReadableStream<Change<Thing>>({ start: (controller) => void (control = controller) });
    signal.addEventListener("abort", () => control.error(new ConnectError("canceled", Code.Canceled)));
    this.opened.push({ signal, say: (...changes) => changes.forEach((change) => control.enqueue(change)), fail: (cause) => control.error(cause) });
    return stream as unknown as AsyncIterable<Change<Thing>>;
  };

  get last() {
    return this.opened[this.opened.length - 1]!;
  }
}

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
function look(state: "visible" | "hidden") {
  page.visibilityState = state;
  page.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", new EventTarget());
  page.visibilityState = "visible";
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = (ms = 100) => vi.advanceTimersByTimeAsync(ms);

function watch() {
  const server = new Server();
  const watcher = new Watcher<Thing>(server.open, ({ name }) => name);
  const stop = watcher.subscribe(() => {});
  const seen = () => `${watcher.snapshot().phase} ${[...watcher.snapshot().items.keys()].join(",")}`;
  return { server, watcher, stop, seen };
}

test("reads what is there, loses the stream, comes back, and drops what went away meanwhile", async () => {
  const { server, stop, seen } = watch();
  await settle();
  server.last.say(added("a"), added("b"), synced);
  await settle();
  expect(seen()).toBe("live a,b");
  server.last.fail(new ConnectError("gone", Code.Unavailable));
  await settle(10);
  expect(seen()).toBe("reconnecting a,b");
  await settle(600);
  expect(server.opened).toHaveLength(2);
  server.last.say(added("a"), synced);
  await settle();
  expect(seen()).toBe("live a");
  stop();
});

test("waits longer after each failure", async () => {
  const { server, stop } = watch();
  const openedAt: number[] = [];
  for (let i = 0; i < 4; i++) {
    const count = server.opened.length;
    while (server.opened.length === count && server.opened.length < i + 1) await settle(10);
    openedAt.push(Date.now());
    server.last.fail(new ConnectError("no", Code.Unavailable));
  }
  const waits = openedAt.slice(1).map((at, i) => at - openedAt[i]!);
  expect(waits[0]).toBeLessThanOrEqual(520);
  expect(waits[2]).toBeGreaterThanOrEqual(1_000);
  stop();
});

test("stops trying when it is refused", async () => {
  const { server, stop, watcher } = watch();
  await settle();
  server.last.fail(new ConnectError("no such token", Code.Unauthenticated));
  await settle(60_000);
  expect([server.opened.length, watcher.snapshot().phase, watcher.snapshot().problem]).toEqual([1, "refused", "no such token"]);
  stop();
});

test("gives its stream back when nobody looks for long, and takes it up again at once", async () => {
  const { server, stop, seen } = watch();
  await settle();
  server.last.say(added("a"), synced);
  await settle();
  look("hidden");
  await settle(9_000);
  expect(server.last.signal.aborted).toBe(false);
  await settle(2_000);
  expect([server.last.signal.aborted, server.opened.length, seen()]).toEqual([true, 1, "live a"]);
  look("visible");
  await settle(10);
  expect(server.opened).toHaveLength(2);
  stop();
});

test("is one stream for many listeners, open until the last one leaves", async () => {
  const { server, watcher, stop } = watch();
  const second = watcher.subscribe(() => {});
  await settle();
  expect([server.opened.length, watcher.listening]).toEqual([1, true]);
  stop();
  await settle();
  expect(server.last.signal.aborted).toBe(false);
  second();
  await settle();
  expect([server.last.signal.aborted, watcher.listening]).toEqual([true, false]);
});
