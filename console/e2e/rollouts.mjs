// Rollouts against a running Greenroom: a second fleet is made, a rollout is begun by the form, moved by the slider's keys, held, and rolled back.
import assert from "node:assert/strict";

export async function rolloutsSteps({ page, step, call, shown, until, shoot, base, complaints }) {
  const name = `e2e-${Date.now().toString(36)}`;
  const fleet = `${name}-new`;
  const get = async () => (await call(page, "RolloutService/GetRollout", { name })).rollout;
  const weight = async () => (await get()).status.weightPpm ?? 0;
  let route;
  let from;

  await step("rollouts: the form says at each field what is wrong, and Greenroom is asked before anything begins", async () => {
    ({ routes: [route] } = await call(page, "RouteService/ListRoutes", {}));
    from = route.spec.fleets[0].fleet;
    const old = (await call(page, "FleetService/GetFleet", { name: from })).fleet;
    await call(page, "FleetService/ApplyFleet", { fleet: { name: fleet, spec: { ...old.spec, minServers: 1, maxServers: 2, buffers: { ready: 0, open: 1 } } } });
    await page.goto(`${base}/rollouts?new=true&route=${route.name}`);
    await shown(page.getByText("New rollout").last());
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("To", { exact: true }).selectOption(fleet);
    await page.getByLabel("Share of step 2, in percent").fill("0.001");
    await page.getByRole("button", { name: "Check only" }).click();
    await shown(page.getByText("Must be above the step before."));
    await page.getByLabel("Share of step 2, in percent").fill("0.1");
    await page.getByRole("button", { name: "Check only" }).click();
    await shown(page.getByText("Greenroom would take it as it is."));
    const { rollouts = [] } = await call(page, "RolloutService/ListRollouts", {});
    assert.ok(rollouts.every((rollout) => rollout.name !== name), "the check began it");
    assert.match(await page.locator(".rollout-form .command code").innerText(), /^greenroom apply -f - <<'YAML'\nkind: Rollout\n/);
    await shoot(page, "rollout-form");
  });

  await step("rollouts: one begins, with its way, its gates and both fleets side by side", async () => {
    await page.getByRole("button", { name: "Begin", exact: true }).click();
    await shown(page.locator(".rphase.running"));
    await until("the weight", weight, (ppm) => ppm === 100);
    await until("the gates", () => page.locator(".gate").count(), (n) => n === 4);
    await shown(page.locator(".compare canvas").first());
    await shoot(page, "rollout");
  });

  await step("rollouts: the slider is moved by keys, and asks before it moves anybody", async () => {
    const slider = page.getByRole("slider");
    await slider.focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("PageUp");
    assert.match(await slider.getAttribute("aria-valuetext"), /^1% of new sessions/);
    await page.keyboard.press("Escape");
    assert.equal(await slider.getAttribute("aria-valuenow"), "0.01");
    await slider.focus();
    await page.keyboard.press("PageUp");
    await page.keyboard.press("PageUp");
    await page.keyboard.press("Enter");
    await shown(page.locator("#promote-touches"));
    assert.match(await page.locator(".confirm .command code").innerText(), new RegExp(`^greenroom rollout promote ${name} --to 1%$`));
    assert.equal(await weight(), 100);
    await shoot(page, "rollout-promote");
    await page.getByRole("button", { name: "Go to 1%" }).click();
    await until("the weight", weight, (ppm) => ppm === 10_000);
    await until("the slider", () => page.locator(".way").getAttribute("data-weight"), (ppm) => ppm === "10000");
  });

  await step("rollouts: it is held, and goes on", async () => {
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await shown(page.locator(".rphase.paused"));
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await shown(page.locator(".rphase.running"));
    const { routes } = await call(page, "RouteService/ListRoutes", {});
    assert.deepEqual(routes.find(({ name }) => name === route.name).spec.fleets.map(({ weightPpm }) => weightPpm), [990_000, 10_000]);
  });

  await step("routes: two people change the weights at once, and both values are shown", async () => {
    await page.goto(`${base}/routes`);
    await until("the window's title", () => page.title(), (title) => title === "Routes · Greenroom");
    const row = page.locator(`[data-route="${route.name}"]`);
    await row.getByRole("button", { name: "Change the weights…" }).click();
    await row.locator(".weights-form input").first().fill("60");
    await row.getByRole("button", { name: "Take the rest" }).nth(1).click();
    const { route: now } = await call(page, "RouteService/GetRoute", { name: route.name });
    await call(page, "RouteService/ApplyRoute", { route: { name: route.name, generation: now.generation, spec: { ...now.spec, fleets: [{ fleet: from, weightPpm: 800_000 }, { fleet, weightPpm: 200_000 }] } } });
    await row.getByRole("button", { name: "Put it in force" }).click();
    const values = page.locator(".conflict tbody tr").first().locator("td");
    await shown(values.first());
    assert.deepEqual(await values.allInnerTexts(), ["60%", "80%"]);
    await shoot(page, "route-conflict");
    await page.getByRole("button", { name: "Keep what is there" }).click();
    await until("the field", () => row.locator(".weights-form input").first().inputValue(), (text) => text === "80");
    await page.keyboard.press("Escape");
    // The browser itself says so when a call is refused; this refusal was wanted.
    const refused = complaints.findIndex((text) => text.includes("/routes") && text.includes("409"));
    assert.ok(refused >= 0, "the save was not refused");
    complaints.splice(refused, 1);
    await until("what the change does to the rollout", async () => (await get()).status.phase, (phase) => phase === "paused");
  });

  await step("rollouts: it is rolled back by one button, after being told who is there", async () => {
    await page.goto(`${base}/rollouts/${name}`);
    await page.getByRole("button", { name: "Roll back…" }).click();
    await shown(page.locator("#rollback-touches"));
    assert.match(await page.locator("#rollback-touches").innerText(), new RegExp(`${from} 100%`));
    await page.getByText("are moved").click();
    assert.match(await page.locator(".confirm .command code").innerText(), new RegExp(`^greenroom rollback ${route.name} --drain$`));
    await page.getByText("stay", { exact: true }).first().click();
    await shoot(page, "rollback");
    await page.getByRole("button", { name: "Roll back", exact: true }).click();
    await shown(page.locator(".rphase.rolled-back"));
    const { route: back } = await call(page, "RouteService/GetRoute", { name: route.name });
    assert.equal(back.spec.fleets.find((one) => one.fleet === fleet)?.weightPpm ?? 0, 0);
    await shown(page.locator('[data-what="rolled back"]'));
  });

  await step("rollouts: what was made is taken away again", async () => {
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("button", { name: "Delete it" }).click();
    await until("the page", () => new URL(page.url()).pathname, (path) => path === "/rollouts");
    const { route: now } = await call(page, "RouteService/GetRoute", { name: route.name });
    await call(page, "RouteService/ApplyRoute", { route: { name: route.name, generation: now.generation, spec: route.spec } });
    await call(page, "FleetService/DeleteFleet", { name: fleet });
  });
}
