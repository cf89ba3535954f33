import { expect, test } from "vitest";
import { DecisionLog } from "../../mock/decisions.ts";
import { asksOf, kindKey, numbersOf } from "../fleets/answers.ts";
import { emptyLog, filtered, isKnown, type Log, newer, olderThan, outcome, PAGE, take, verbsOf } from "./log.ts";

const all = { fleet: "", until: undefined, limit: PAGE };
const ids = (log: Log) => log.decisions.map(({ id }) => Number(id));

test("the log is read page by page to its end: each decision once, none left out, though some share a moment", () => {
  const kept = new DecisionLog("few", 1_000_000_000);
  let log = take(emptyLog, kept.list(all, 1_000_000_000).decisions, true);
  let pages = 1;
  for (; !log.whole; pages++) log = take(log, kept.list({ ...all, until: olderThan(log) }, 1_000_000_000).decisions, true);
  expect(ids(log)).toEqual(Array.from({ length: 260 }, (_, i) => 260 - i));
  expect(pages).toBeLessThanOrEqual(4);
});

test("a first page that is not full is all there is", () => {
  const kept = new DecisionLog("one", 0);
  expect(take(emptyLog, kept.list(all, 0).decisions, true)).toMatchObject({ whole: true });
  expect(take(emptyLog, [], true)).toEqual({ decisions: [], whole: true });
  expect(olderThan(emptyLog)).toBeUndefined();
});

test("new ones come first, and a result that came meanwhile is taken over", () => {
  const kept = new DecisionLog("few", 0);
  const first = kept.list(all, 0).decisions;
  const log = take(emptyLog, first.map((one, i) => (i === 0 ? { ...one, result: "" } : one)), true);
  expect(outcome(log.decisions[0]!)).toBe("underway");
  const later = take(log, kept.list(all, 120_000).decisions, false);
  expect(ids(later).slice(0, 5)).toEqual([263, 262, 261, 260, 259]);
  expect(outcome(later.decisions.find(({ id }) => id === 260n)!)).toBe("ok");
  expect([newer(later, 260n), newer(later, undefined)]).toEqual([3, 0]);
});

test("while one reads, newer ones wait; a verb is looked for among those read", () => {
  const log = take(emptyLog, new DecisionLog("few", 0).list(all, 120_000).decisions, true);
  expect(filtered(log, undefined, 260n)[0]!.id).toBe(260n);
  expect(new Set(filtered(log, "drain", undefined).map(({ verb }) => verb))).toEqual(new Set(["drain"]));
  expect(filtered(log, "forget", undefined)).toEqual([]);
});

test("a verb that is newer than this console can be chosen once the log has it", () => {
  const [first] = new DecisionLog("one", 0).list(all, 0).decisions;
  const log = take(emptyLog, [{ ...first!, verb: "polish" }], true);
  expect([verbsOf(log).at(-1), verbsOf(emptyLog).includes("polish"), isKnown("polish"), isKnown("hand over")]).toEqual(["polish", false, false, true]);
  expect(filtered(log, "polish", undefined)).toHaveLength(1);
});

test("an answer asks for what is not zero, by names that people read", () => {
  expect(asksOf({ servers: 0, freeSessions: 14, readyServers: 1 })).toEqual([{ what: "answers.free", n: 14 }, { what: "answers.ready", n: 1 }]);
  expect(asksOf({ servers: 0, freeSessions: 0, readyServers: 0 })).toEqual([]);
  expect(numbersOf({ numbers: { target: 0.8, joins_per_second: 3 } })).toEqual([["joins per second", 3], ["target", 0.8]]);
  const kind = (kind: string, name = "mine") => kindKey({ kind, name });
  expect([kind("active sessions"), kind("", "buffers"), kind("astrology"), kind("constructor"), kind("buffer", "waiting")]).toEqual(["kind.active", "kind.buffers", undefined, undefined, "kind.buffer"]);
});
