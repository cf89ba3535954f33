// A game server on the Agones SDK for Node: does what a game does, and prints what it sees, a line of JSON each.
const AgonesSDK = require("@google-cloud/agones-sdk");

const say = (what, value) => console.log(JSON.stringify({ what, value }));
const until = (watch, state) =>
  new Promise((resolve) => {
    const look = (s) => s.status.state === state && resolve(s);
    watch.seen.forEach(look);
    watch.waiting.push(look);
  });

async function main() {
  const sdk = new AgonesSDK();
  await sdk.connect();
  const watch = { seen: [], waiting: [] };
  sdk.watchGameServer(
    (s) => {
      watch.seen.push(s);
      watch.waiting.forEach((look) => look(s));
    },
    () => {},
  );
  await until(watch, "Scheduled");
  say("before", (await sdk.getGameServer()).status.state);
  await sdk.setLabel("map", "forest");
  await sdk.setAnnotation("mode", "rühig");
  await sdk.ready();
  await until(watch, "Ready");
  sdk.health((error) => say("health error", String(error)));
  await sdk.reserve(1);
  await until(watch, "Reserved");
  watch.seen.length = 0;
  await until(watch, "Ready");
  say("reservation over", true);
  await sdk.allocate();
  await until(watch, "Allocated");
  const self = await sdk.getGameServer();
  say("name", self.objectMeta.name);
  say("labels", Object.fromEntries(self.objectMeta.labelsMap));
  say("annotations", Object.fromEntries(self.objectMeta.annotationsMap));
  say("address", self.status.address);
  say("ports", self.status.portsList);
  say("failed", await sdk.setLabel("", "x").then(() => "", (e) => e.code));
  await sdk.shutdown();
  await until(watch, "Shutdown");
  say("after", (await sdk.getGameServer()).status.state);
  sdk.close();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
