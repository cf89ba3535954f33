// Drives the console in a real browser against a running Greenroom with people in it (`greenroom up --demo`).
//
//   BASE_URL    where it listens; http://127.0.0.1:7350 by default
//   LOGIN_CODE  the one-time code of a login link (`greenroom token login`)
//   SHOTS       folder for screenshots; .build/console-shots by default
//   CHROMIUM    the browser; /usr/bin/chromium by default
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { changeSteps } from "./change.mjs";
import { decisionsSteps } from "./decisions.mjs";
import { eventsSteps } from "./events.mjs";
import { historySteps } from "./history.mjs";
import { rolloutsSteps } from "./rollouts.mjs";
import { simulateSteps } from "./simulate.mjs";

const base = process.env.BASE_URL ?? "http://127.0.0.1:7350";
const code = process.env.LOGIN_CODE ?? "";
const shots = process.env.SHOTS ?? fileURLToPath(new URL("../../.build/console-shots", import.meta.url));

/** Everything that a page complained about, and every host it talked to. */
function listen(page, complaints, hosts) {
  page.on("console", (message) => message.type() === "error" && complaints.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.stack ?? error}`));
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
}

/** Calls the API as the page does: by Connect's JSON form with the page's token. */
const call = (page, method, body) =>
  page.evaluate(
    async ([method, body]) => {
      const { token } = JSON.parse(localStorage.getItem("greenroom.session"));
      const response = await fetch(`/greenroom.v1.${method}`, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
      const answer = await response.json();
      if (!response.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
      return answer;
    },
    [method, body],
  );

const shown = (locator) => locator.waitFor({ state: "visible", timeout: 20_000 });
const numberOf = async (page, name) => Number((await page.locator(".numbers > div", { has: page.locator("dt", { hasText: name }) }).locator("dd").first().innerText()).replace(/\D/g, ""));

/** Waits until `read` answers something that `good` accepts. */
async function until(what, read, good, timeoutMs = 20_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (good(value)) return value;
    assert.ok(Date.now() < end, `${what}: last seen ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("the console", { timeout: 420_000 }, async (t) => {
  assert.notEqual(code, "", "LOGIN_CODE is not set: greenroom token login makes one");
  mkdirSync(shots, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const complaints = [];
  const hosts = new Set();
  // Without the breathing ring, what changes on the map is people.
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce" });
  const open = async (path) => {
    const page = await context.newPage();
    listen(page, complaints, hosts);
    await page.goto(base + path);
    return page;
  };
  const shoot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });

  let page = await open("/");
  let room;
  let visitor;
  const step = (name, run) => t.test(name, async () => {
    try {
      await run();
    } catch (error) {
      await shoot(visitor ?? page, `failed-${name.replace(/\W+/g, "-")}`).catch(() => {});
      throw error;
    }
  });

  await step("says how to get a login link", async () => {
    await shown(page.getByText("greenroom token login"));
    await shoot(page, "login");
  });

  await step("logs in by the link, whose code does not stay in the address", async () => {
    await page.goto(`${base}/login#code=${encodeURIComponent(code)}`);
    await shown(page.locator(".overview"));
    assert.equal(new URL(page.url()).hash, "");
    await shown(page.locator(".link-state .link.live"));
  });

  await step("shows servers, and people playing", async () => {
    await shown(page.locator("[data-cell]").first());
    assert.match((await page.locator("[data-cell]").first().getAttribute("aria-label")) ?? "", /sessions/);
    await until("players", () => numberOf(page, "players"), (n) => n > 0);
    await shoot(page, "overview-light");
  });

  await step("is live: a session made elsewhere appears by itself", async () => {
    const { routes } = await call(page, "RouteService/ListRoutes", {});
    const key = `e2e-${Date.now().toString(36)}`;
    await page.locator(".route", { hasText: routes[0].name }).getByRole("button").click();
    await shown(page.locator(".panel .sessions li").first());
    await call(page, "JoinService/Join", { route: routes[0].name, key, players: [`${key}-player`] });
    await shown(page.locator(".panel .sessions", { hasText: key }));
    await call(page, "JoinService/Leave", { route: routes[0].name, key, player: `${key}-player` });
    const rows = await page.locator(".panel .sessions a").evaluateAll((all) => all.map((a) => ({ href: a.getAttribute("href"), players: Number.parseInt(a.querySelector(".count").textContent, 10) })));
    room = rows.sort((a, b) => b.players - a.players)[0];
    assert.ok(room.players > 0, "no room of the route has people in it");
    await page.keyboard.press("Escape");
    await page.locator(".panel").waitFor({ state: "detached" });
  });

  await step("is used by keyboard", async () => {
    await page.keyboard.press("/");
    await page.keyboard.type("no such server");
    await shown(page.getByText("No server matches").first());
    await page.keyboard.press("Escape");
    await page.locator("[data-cell]").first().focus();
    const first = await page.evaluate(() => document.activeElement.dataset.cell);
    const many = (await page.locator(".grid").first().locator("[data-cell]").count()) > 1;
    if (many) {
      await page.keyboard.press("ArrowRight");
      assert.notEqual(await page.evaluate(() => document.activeElement.dataset.cell), first);
    }
    await page.keyboard.press("Enter");
    await shown(page.locator(".panel"));
    await page.keyboard.press("Escape");
    assert.ok(await page.evaluate(() => document.activeElement.dataset.cell), "the focus is back on a server");
  });

  await step("walks into a room, sees people move, and is seen", async () => {
    visitor = await open(room.href);
    await visitor.getByRole("button", { name: "Walk in as a guest" }).click();
    await shown(visitor.locator("canvas.live"));
    const people = () => visitor.locator(".people li").count();
    await until("people in the room", people, (n) => n >= 2);
    const picture = () => visitor.locator("canvas").evaluate((canvas) => canvas.toDataURL());
    const before = await picture();
    await until("the picture of the room", picture, (now) => now !== before);
    const me = (await visitor.locator(".people li.own span").innerText()).trim();
    assert.match(me, /^guest-/);
    const other = await open(room.href);
    await other.getByRole("button", { name: "Walk in as a guest" }).click();
    await shown(other.locator(".people li", { hasText: me }));
    const place = () => other.evaluate((player) => window.document.querySelector(`[data-player="${player}"]`)?.dataset.at, me);
    const stood = await until("where the other sees this guest", place, (at) => at !== undefined);
    await visitor.bringToFront();
    await visitor.keyboard.down("KeyW");
    await new Promise((resolve) => setTimeout(resolve, 700));
    await visitor.keyboard.up("KeyW");
    await visitor.keyboard.press("Space");
    await other.bringToFront();
    await until("the other sees this guest go", place, (at) => at !== undefined && at !== stood);
    await shoot(other, "room-light");
    await other.close();
    await visitor.bringToFront();
  });

  await step("drains the room's server: the confirmation says what it touches, the state changes, the guest moves with the room", async () => {
    const server = (await visitor.locator(".room-side .plain-link").innerText()).trim();
    await page.bringToFront();
    await page.locator(`[data-cell="${server}"]`).click();
    await page.getByRole("button", { name: "Drain…" }).click();
    const touches = await page.locator("#drain-touches").innerText();
    // a deadline after midnight has its day with it
    assert.match(touches, /^Drains \d+ sessions?, \d+ players?, at latest ([A-Z][a-z]{2} \d{1,2} )?\d\d:\d\d\.$/);
    await shoot(page, "drain");
    await page.getByRole("button", { name: "Drain it" }).click();
    await until("the cell's state", () => page.locator(`[data-cell="${server}"]`).getAttribute("data-state"), (state) => ["draining", "empty", "gone"].includes(state));
    await shoot(page, "draining");
    await visitor.bringToFront();
    await until("the guest's server", async () => (await visitor.locator(".room-side .plain-link").allInnerTexts())[0], (now) => now !== undefined && now !== server, 90_000);
    await shown(visitor.locator(".room-actions .link.live"));
    await until("people in the room after the move", () => visitor.locator(".people li").count(), (n) => n >= 2);
    await shoot(visitor, "room-moved");
    await page.bringToFront();
    await page.keyboard.press("Escape");
  });

  await step("takes a drain back", async () => {
    const { servers } = await call(page, "ServerService/ListServers", {});
    // One without a session would be empty at once, and an empty server is not taken back.
    const { name } = servers.find(({ state, sessions }) => state === "SERVER_STATE_OPEN" && sessions > 0);
    await call(page, "ServerService/DrainServer", { name, policy: { wait: "600s", deadline: "3600s" }, reason: "console test" });
    const cell = page.locator(`[data-cell="${name}"]`);
    await until("the cell's state", () => cell.getAttribute("data-state"), (state) => state === "draining");
    await cell.click();
    await page.getByRole("button", { name: "Take the drain back" }).click();
    await until("the cell's state", () => cell.getAttribute("data-state"), (state) => state === "open");
    await page.keyboard.press("Escape");
  });

  await step("speaks Japanese, is dark in the dark, and fits a telephone", async () => {
    await page.getByRole("button", { name: "日本語" }).click();
    await shown(page.getByText("みんなプレイできていますか"));
    assert.equal(await page.evaluate(() => document.documentElement.lang), "ja");
    await shoot(page, "overview-ja");
    await page.emulateMedia({ colorScheme: "dark" });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number));
    await until("the page's ground in the dark", ground, (rgb) => Math.max(...rgb) < 64);
    // the whole window is painted anew over a few frames
    await page.evaluate(() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(done)), 300)));
    await shoot(page, "overview-dark-ja");
    await page.setViewportSize({ width: 390, height: 844 });
    const wider = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await until("by how much the page is wider than the window", wider, (by) => by <= 0);
    await shoot(page, "overview-narrow-ja");
  });

  await step("walks out, and leaves nobody behind", async () => {
    await visitor.bringToFront();
    const [, route, key] = decodeURIComponent(room.href).split("/").filter(Boolean);
    const me = (await visitor.locator(".people li.own span").innerText()).trim();
    await visitor.locator(".room-actions button").last().click();
    await shown(visitor.locator(".button.big"));
    const players = async () => (await call(page, "SessionService/GetSession", { route, key })).session.seats?.map(({ player }) => player) ?? [];
    await until("the room's seats", players, (all) => !all.includes(me));
  });

  // A window of their own, in the light and in English; the others give their connections back.
  await visitor?.close();
  visitor = undefined;
  await page.close();
  page = await open("/");
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("button", { name: "English" }).click();
  const tools = { page, step, call, shown, until, shoot, base, complaints };
  await eventsSteps(tools);
  await decisionsSteps(tools);
  await historySteps(tools);
  await simulateSteps(tools);
  await rolloutsSteps(tools);
  await changeSteps(tools);

  await step("complained of nothing, and talked to nobody but Greenroom", () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual([...hosts], [new URL(base).origin]);
  });
});
