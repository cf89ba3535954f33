import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type End, Journey } from "../src/journey.js";

interface Story {
  story: string;
  canJoin: boolean;
  steps: { at: number; end: End; want: { do: string; url?: string; ticket?: string; afterMs?: number; jitterMs?: number; code?: number } }[];
}

// The Go client is held to the same stories.
const stories = JSON.parse(readFileSync("../testdata/journey.json", "utf8")) as Story[];
assert.ok(stories.length > 0);

for (const { story, canJoin, steps } of stories) {
  test(story, () => {
    const start = 1_000_000;
    const journey = new Journey({ url: "ws://a/room", ticket: "t1", player: "ann" }, canJoin, 60_000, start);
    for (const { at, end, want } of steps) {
      const step = journey.next(end, start + at);
      assert.equal(step.do, want.do);
      if (step.do === "stop") {
        assert.equal(step.error.code, want.code);
        assert.notEqual(step.error.message, "");
        continue;
      }
      assert.deepEqual([step.afterMs, step.jitterMs], [want.afterMs, want.jitterMs]);
      if (step.do === "dial") assert.deepEqual(journey.place, { url: want.url, ticket: want.ticket, player: "ann" });
    }
  });
}
