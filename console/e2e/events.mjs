// The calendar, in UTC: an event is made, moved by keyboard and by mouse, changed by two people at once, and cancelled.
import assert from "node:assert/strict";

const DAY = 86_400_000;

export async function eventsSteps({ page, step, call, shown, until, shoot, base, complaints }) {
  const title = `Quiz night ${Date.now().toString(36)}`;
  const name = title.toLowerCase().replaceAll(" ", "-");
  const bar = page.locator(`[data-event="${name}"]`).first();
  const get = async () => (await call(page, "EventService/GetEvent", { name })).event;
  const doors = async () => Date.parse((await get()).spec.doorsAt);
  const focused = () => page.evaluate(() => document.activeElement.dataset.event);
  let first;

  await step("events: one is announced, and stands in the calendar", async () => {
    await page.goto(`${base}/events`);
    await shown(page.locator(".events .link.live"));
    await shown(page.locator(".month"));
    await page.getByRole("button", { name: "New event", exact: true }).click();
    await page.getByLabel("Title").fill(title);
    await page.getByLabel("Doors", { exact: true }).fill(`${new Date(Date.now() + 2 * DAY).toISOString().slice(0, 10)}T20:00`);
    await page.getByRole("button", { name: "Announce it" }).click();
    await shown(page.getByText("A whole number from 1 to 10,000,000."));
    await page.getByLabel("Expected players").fill("40");
    assert.match(await page.locator(".form .command code").innerText(), new RegExp(`greenroom event create ${name} --route `));
    await shoot(page, "event-form");
    await page.getByRole("button", { name: "Announce it" }).click();
    await shown(bar);
    await shown(page.getByTestId("event-phase"));
    assert.match(await bar.getAttribute("aria-label"), /planned/);
    await shown(page.locator(".event-checks li").first());
    first = await doors();
    assert.equal((await get()).spec.attendance, 40);
    await shoot(page, "event-panel");
    await page.keyboard.press("Escape");
    await page.locator(".panel").waitFor({ state: "detached" });
  });

  await step("events: it is moved by keyboard, and Escape leaves it", async () => {
    await bar.focus();
    await page.keyboard.press("Alt+ArrowRight");
    await page.keyboard.press("Alt+ArrowRight");
    await shown(page.locator(".bar.ghost"));
    assert.match(await page.locator(".events-said").innerText(), /Enter moves it there/);
    await page.keyboard.press("Escape");
    await page.locator(".bar.ghost").waitFor({ state: "detached" });
    assert.equal(await doors(), first);
    for (const key of ["Alt+ArrowRight", "Alt+ArrowRight", "Enter"]) await page.keyboard.press(key);
    await shown(page.locator(".dialog"));
    await shown(page.getByText("Greenroom takes it."));
    await shoot(page, "event-move");
    await page.getByRole("button", { name: "Move it" }).click();
    await until("the doors", doors, (at) => at === first + 2 * DAY);
    await page.locator(".dialog").waitFor({ state: "detached" });
    await until("the focus, which goes with the event", focused, (on) => on === name);
  });

  await step("events: it is moved by mouse", async () => {
    const target = page.locator(`.month-day[data-day="${Math.floor((first + DAY) / DAY) * DAY}"]`);
    await target.scrollIntoViewIfNeeded();
    const [from, to] = [await bar.boundingBox(), await target.boundingBox()];
    await page.mouse.move(from.x + 20, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(from.x + 10, from.y + 9);
    await page.mouse.move(to.x + to.width / 2, to.y + 14, { steps: 6 });
    await shown(page.locator(".bar.ghost"));
    await page.mouse.up();
    await page.getByRole("button", { name: "Move it" }).click();
    await until("the doors", doors, (now) => now === first + DAY);
    await page.locator(".dialog").waitFor({ state: "detached" });
  });

  await step("events: the week shows it at its time", async () => {
    await page.goto(`${base}/events?view=week&at=${new Date(first + DAY).toISOString().slice(0, 10)}`);
    await shown(page.locator(`.week [data-event="${name}"]`));
    await shoot(page, "events-week");
  });

  await step("events: two people change it at once, and both values are shown", async () => {
    await page.goto(`${base}/events?event=${name}`);
    await page.getByRole("button", { name: "Edit…" }).click();
    await page.getByLabel("Expected players").fill("70");
    const { spec, generation } = await get();
    await call(page, "EventService/ApplyEvent", { event: { name, generation, spec: { ...spec, attendance: 55 } } });
    await page.getByRole("button", { name: "Save" }).click();
    const row = page.locator(".conflict tbody tr");
    await shown(row.first());
    assert.deepEqual(await row.locator("td").allInnerTexts(), ["70", "55"]);
    await shoot(page, "event-conflict");
    await page.getByRole("button", { name: "Put mine in its place" }).click();
    await until("the attendance", async () => (await get()).spec.attendance, (n) => n === 70);
    // The browser itself says so when a call is refused; this refusal was wanted.
    const refused = complaints.findIndex((text) => text.includes("/events") && text.includes("409"));
    assert.ok(refused >= 0, "the save was not refused");
    complaints.splice(refused, 1);
  });

  await step("events: it is cancelled, after being told what is released", async () => {
    await page.getByRole("button", { name: "Cancel the event…" }).click();
    await shown(page.locator("#cancel-touches p").first());
    await shoot(page, "event-cancel");
    await page.getByRole("button", { name: "Cancel it" }).click();
    await bar.waitFor({ state: "detached" });
    const { events = [] } = await call(page, "EventService/ListEvents", {});
    assert.ok(events.every((event) => event.name !== name));
  });
}
