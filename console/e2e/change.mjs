// An upgrade and a machine, against a running Greenroom: an upgrade is held and taken back, what a drain of a machine would touch is said before.
import assert from "node:assert/strict";

export async function changeSteps({ page, step, call, shown, until, shoot, base }) {
  let fleet;

  await step("fleets: a changed template is an upgrade, which is held, shown field by field, and taken back", async () => {
    const { routes: [route] } = await call(page, "RouteService/ListRoutes", {}); // other steps' fleets may still be going
    ({ fleet } = await call(page, "FleetService/GetFleet", { name: route.spec.fleets[0].fleet }));
    const { name, spec, generation, revision } = fleet;
    await page.goto(`${base}/fleets/${name}`);
    await shown(page.locator(".revisions li.current"));
    const room = { ...spec.room, historyEvents: (spec.room?.historyEvents ?? 1024) + 1 };
    // Held from the start: a few servers without much on them are replaced within a second.
    await call(page, "FleetService/ApplyFleet", { fleet: { name, generation, spec: { ...spec, room, upgrade: { ...spec.upgrade, paused: true } } } });
    await shown(page.locator('.upgrade [data-phase="paused"]'));
    assert.notEqual((await call(page, "FleetService/GetFleet", { name })).fleet.revision, revision);
    assert.match(await page.locator(".revisions li.current .diff").innerText(), /room\.history_events/);
    await shown(page.locator('[data-cell][data-old="true"]').first());
    await shoot(page, "upgrade");
    await page.getByRole("button", { name: "Undo…" }).click();
    await shown(page.locator("#undo-touches"));
    await page.getByRole("button", { name: "Go back", exact: true }).click();
    await until("the fleet's template", async () => (await call(page, "FleetService/GetFleet", { name })).fleet.revision, (now) => now === revision);
    await call(page, "FleetService/ResumeUpgrade", { fleet: name });
    await page.locator(".upgrade").waitFor({ state: "detached", timeout: 60_000 });
  });

  await step("nodes: what a drain would touch is said before it is asked for, and nothing is touched by saying it", async () => {
    const { nodes } = await call(page, "NodeService/ListNodes", {});
    const [{ name }] = nodes;
    await page.goto(`${base}/nodes`);
    const node = page.locator(`[data-node="${name}"]`);
    await node.getByRole("button", { name: "Drain the machine…" }).click();
    await node.getByLabel("Deadline, from now").fill("20m");
    await until("what it touches", () => page.locator("#node-drain-touches").innerText(), (text) => /^Drains \d+ servers?, \d+ sessions?, \d+ players?, at latest /.test(text));
    assert.equal(await page.locator(".confirm .command code").innerText(), `greenroom node drain ${name} --deadline 20m`);
    await shoot(page, "node-drain");
    await page.getByRole("button", { name: "Keep it" }).click();
    assert.equal((await call(page, "NodeService/ListNodes", {})).nodes.find((one) => one.name === name).leave, undefined);
  });
}
