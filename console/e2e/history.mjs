// The history: a stretch chosen by dragging is asked for anew, finer, and Back undoes it; keys go along and nearer.
import assert from "node:assert/strict";

export async function historySteps({ page, step, shown, until, shoot, base }) {
  const asked = [];
  page.on("request", (request) => {
    if (request.url().includes("HistoryService/GetHistory")) asked.push(JSON.parse(request.postData()));
  });
  const spanOf = ({ since, until }) => Date.parse(until) - Date.parse(since);
  const plot = page.locator(".plot").first();

  await step("history: it is drawn, and dragging over it shows a shorter time, finer", async () => {
    await page.goto(`${base}/history?span=6h`);
    await shown(plot.locator("canvas"));
    await until("points", () => page.locator(".plot-legend b").first().innerText(), (text) => /\d/.test(text), 60_000);
    await shoot(page, "history");
    const whole = spanOf(asked.at(-1));
    assert.equal(whole, 6 * 3_600_000);
    const over = await plot.locator(".u-over").boundingBox();
    await page.mouse.move(over.x + over.width * 0.75, over.y + 40);
    await page.mouse.down();
    await page.mouse.move(over.x + over.width * 0.9, over.y + 44, { steps: 5 });
    await page.mouse.up();
    await until("the stretch in the address", () => new URL(page.url()).searchParams.has("from"), Boolean);
    const near = await until("what is asked for", () => spanOf(asked.at(-1)), (span) => span < whole * 0.2);
    assert.ok(Math.abs(near - whole * 0.15) < whole * 0.02, `${near} ms were asked for`);
    await shoot(page, "history-zoomed");
    await page.goBack();
    await until("the stretch after Back", () => new URL(page.url()).searchParams.get("span"), (span) => span === "6h");
  });

  await step("history: keys go nearer and along, presets back", async () => {
    await plot.focus();
    const before = 6 * 3_600_000; // what is shown; it need not have been asked for again
    await page.keyboard.press("+");
    const near = await until("what is asked for", () => asked.at(-1), (last) => Math.abs(spanOf(last) - before / 2) < 2_000);
    await page.keyboard.press("ArrowLeft");
    await until("what is asked for", () => asked.at(-1), (last) => Date.parse(last.until) < Date.parse(near.until) - before * 0.05);
    await page.getByRole("button", { name: "1 hour" }).click();
    await until("what is asked for", () => asked.at(-1), (last) => spanOf(last) === 3_600_000);
    await plot.getByText("As a table").click();
    await shown(plot.locator("tbody tr").first());
  });

  await step("costs: server-hours are counted, and how a price is set is shown", async () => {
    await page.goto(`${base}/costs`);
    await shown(page.locator(".costs tbody tr").first());
    await shoot(page, "costs");
  });
}
