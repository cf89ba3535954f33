// The log: what a keeper did is there with its reason, by fleet and by verb; a fleet's panel says what asks for capacity.
import assert from "node:assert/strict";

export async function decisionsSteps({ page, step, call, shown, until, shoot, base }) {
  await step("decisions: what a keeper did is in the log, and the verb filters it", async () => {
    const kept = async () => (await call(page, "FleetService/ListDecisions", { limit: 100 })).decisions ?? [];
    const decisions = await until("kept decisions", kept, (all) => all.length > 0);
    await page.goto(`${base}/decisions`);
    await shown(page.locator(".log-line").first());
    const { sentence, verb } = decisions[0];
    await shown(page.locator(".log-line", { hasText: sentence }).first());
    await page.locator(".decisions select").last().selectOption(verb);
    await until("the verb in the address", () => new URL(page.url()).searchParams.get("verb"), (now) => now === verb);
    const verbs = await page.locator(".log-line").evaluateAll((lines) => lines.map((line) => line.dataset.verb));
    assert.ok(verbs.length > 0 && verbs.every((one) => one === verb), verbs.join());
    await shoot(page, "decisions");
  });

  await step("explain: a fleet's panel says which policy decides, and what it saw", async () => {
    const { fleets } = await call(page, "FleetService/ListFleets", {});
    await page.goto(`${base}/?fleet=${fleets[0].name}`);
    await shown(page.locator(".answer.decides").first());
    const { answers } = await call(page, "FleetService/ExplainFleet", { name: fleets[0].name });
    assert.deepEqual((await page.locator(".answer header > b").allInnerTexts()).sort(), answers.map(({ name }) => name).sort());
    await shown(page.locator(".fleet-history canvas").first());
    await shoot(page, "fleet-panel");
    await page.keyboard.press("Escape");
  });
}
