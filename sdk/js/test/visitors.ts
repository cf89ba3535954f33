// Two visitors of one room, for a test that has others in it by other doors: the client of this package, and MQTT.js in a real
// Chromium. Standard input is one line of JSON: the places. Each line of output is what a visitor heard: "<who> <what>".
// A line "go" on standard input makes both speak; its end makes them leave.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Page, chromium } from "playwright-core";
import { WebSocket } from "ws";
import { type Place, type Room, enter } from "../src/index.js";
import type { SocketConstructor } from "../src/socket.js";

interface Places {
  js: Place;
  page: { url: string; player: string; ticket: string; key: string };
}

const text = (value: Uint8Array): string => new TextDecoder().decode(value);
const tell = (who: string, what: string): void => void process.stdout.write(`${who} ${what}\n`);

async function enterByClient(place: Place): Promise<Room> {
  const room = await enter(place, { WebSocket: WebSocket as unknown as SocketConstructor });
  const members = (): void => [...room.members.values()].forEach((player) => tell("js", `member ${player}`));
  room.on("members", members);
  room.on("state", ({ key, value }) => value && tell("js", `state ${key} ${text(value)}`));
  room.on("event", ({ name, payload }) => tell("js", `event ${name} ${text(payload)}`));
  room.on("positions", (moved) => {
    for (const member of moved) {
      const at = room.positions.get(member);
      if (at) tell("js", `position ${room.members.get(member)} ${at.x} ${at.y}`);
    }
  });
  members();
  for (const [key, { value }] of room.state) tell("js", `state ${key} ${text(value)}`);
  return room;
}

// What runs in the page: MQTT.js is there as a global, as its bundle leaves it.
declare const mqtt: {
  connect(url: string, options: object): {
    on(event: "connect", listener: () => void): void;
    on(event: "error", listener: (error: Error) => void): void;
    on(event: "message", listener: (topic: string, payload: Uint8Array) => void): void;
    subscribe(topic: string, options: object, done: (error: Error | null) => void): void;
    publish(topic: string, payload: string, options: object): void;
  };
};
type Heard = (topic: string, payload: string) => void;

const enterByPage = (page: Page, at: Places["page"]): Promise<void> =>
  page.evaluate(
    ({ url, player, ticket, key }) =>
      new Promise<void>((resolve, reject) => {
        const { heard } = globalThis as unknown as { heard: Heard };
        const client = mqtt.connect(url, { protocolVersion: 5, username: player, password: ticket, reconnectPeriod: 0 });
        client.on("error", reject);
        client.on("message", (topic, payload) => heard(topic, new TextDecoder().decode(payload)));
        client.on("connect", () => client.subscribe(`r/${key}/#`, { qos: 1 }, (error) => (error ? reject(error) : resolve())));
        (globalThis as unknown as { client: unknown }).client = client;
      }),
    at,
  );

function tellOfPage(key: string): Heard {
  return (topic, payload) => {
    const [, , kind, ...name] = topic.split("/");
    const rest = name.join("/");
    if (!topic.startsWith(`r/${key}/`) || payload === "") return;
    if (kind === "p") tell("page", `member ${rest}`);
    if (kind === "s") tell("page", `state ${rest} ${payload}`);
    if (kind === "e") tell("page", `event ${rest} ${payload}`);
    if (kind === "pos") {
      const { x, y } = JSON.parse(payload) as { x: number; y: number };
      tell("page", `position ${rest} ${x} ${y}`);
    }
  };
}

const speakInPage = (page: Page, at: Places["page"]): Promise<void> =>
  page.evaluate(({ player, key }) => {
    const { client } = globalThis as unknown as { client: ReturnType<typeof mqtt.connect> };
    client.publish(`r/${key}/s/hat/${player}`, player, { qos: 1, retain: true });
    client.publish(`r/${key}/e/wave`, player, { qos: 2 });
    client.publish(`r/${key}/pos/${player}`, JSON.stringify({ x: 4, y: -4 }), { qos: 0 });
  }, at);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { js, page: at } = JSON.parse((await lines.next()).value as string) as Places;
const room = await enterByClient(js);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  await page.exposeFunction("heard", tellOfPage(at.key));
  await page.addScriptTag({ path: fileURLToPath(import.meta.resolve("mqtt/dist/mqtt.min")) });
  await enterByPage(page, at);
  tell("both", "entered");
  await lines.next();
  room.setState(`hat/${js.player}`, js.player, { owned: true });
  room.sendEvent("wave", js.player);
  room.move({ x: 3, y: -3 });
  await speakInPage(page, at);
  await lines.next();
} finally {
  room.leave();
  await browser.close();
}
