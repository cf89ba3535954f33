// What if: policies are compared on a generated demand, a run is stopped, and a manifest that is wrong is told by its line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Twelve short steps of demand: a simulation of it takes a moment. */
const csv = `time,route,joins,sessions,stay_seconds\n${Array.from({ length: 12 }, (_, i) => `${i * 60},ROUTE,${20 + 5 * i},${4 + i},600`).join("\n")}\n`;

export async function simulateSteps({ page, step, call, shown, until, shoot, base, complaints }) {
  await step("simulate: policies are compared on an uploaded demand, and the table is kept as a file", async () => {
    const { routes } = await call(page, "RouteService/ListRoutes", {});
    await page.goto(`${base}/simulate`);
    await page.getByRole("button", { name: "From a file" }).click();
    await page.getByRole("button", { name: "Run it" }).click();
    await shown(page.getByText("Choose a trace file."));
    await page.getByLabel("Trace file").setInputFiles({ name: "short.csv", mimeType: "text/csv", buffer: Buffer.from(csv.replaceAll("ROUTE", routes[0].name)) });
    assert.match(await page.locator(".command code").last().innerText(), /greenroom simulate -f fleets\.yaml --trace short\.csv --policy own/);
    await page.getByRole("button", { name: "Run it" }).click();
    await until("results", () => page.locator(".results-table tbody tr").count(), (n) => n === 3, 60_000);
    await shown(page.getByText("Done: 3 policies."));
    const rows = await page.locator(".results-table tbody tr").evaluateAll((all) => all.map((row) => ({ policy: row.dataset.policy, hours: row.cells[1].innerText, ratio: Number(row.cells[2].innerText) })));
    assert.deepEqual(rows.map(({ policy }) => policy), ["own", "agones-buffer:2", "hpa:0.7"]);
    for (const { policy, ratio } of rows) assert.ok(ratio >= 1, `${policy} spent ${ratio} × the least`);
    await shown(page.locator(".result-plots canvas").first());
    await shoot(page, "simulate");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as CSV" }).click()]);
    assert.match(readFileSync(await download.path(), "utf8"), /^policy,server_hours,.*\nown,/);
  });

  await step("simulate: a manifest that is wrong is told by its line", async () => {
    await page.getByRole("button", { name: "Edited" }).click();
    const area = page.getByLabel("Manifest", { exact: true });
    const manifest = await until("the manifest", () => area.inputValue(), (text) => text.includes("kind: Fleet"));
    const line = manifest.split("\n").findIndex((text) => text.startsWith("spec:")) + 2;
    await area.fill(manifest.replace("spec:\n", "spec:\n  max_servers: wrong\n"));
    await page.getByRole("button", { name: "Run it" }).click();
    await shown(page.getByRole("button", { name: `Line ${line}` }).first());
    await shoot(page, "simulate-manifest");
    // A refused stream ends in its last message: the browser has nothing to complain of.
    assert.deepEqual(complaints.filter((text) => text.includes("/simulate")), []);
  });

  await step("simulate: a run is stopped", async () => {
    await page.getByRole("button", { name: "Those that are there", exact: true }).click();
    await page.getByRole("button", { name: "Generated" }).click();
    await page.getByLabel("Which").selectOption("voice-day");
    await page.getByRole("button", { name: "Run it" }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await shown(page.getByText(/^Stopped/));
    await shown(page.getByRole("button", { name: "Run it" }));
  });
}
