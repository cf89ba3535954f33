import { describe, expect, test } from "vitest";
import { catalogues, en, ja, type MessageKey } from "./catalogue.ts";
import type { Message } from "./message.ts";
import { chooseLanguage, translator } from "./translate.ts";

const places = (message: Message): string[] => {
  const texts = typeof message === "string" ? [message] : [message.other];
  return texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)).sort();
};

describe("the catalogue", () => {
  test("has every message in every language", () => {
    for (const messages of Object.values(catalogues)) expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
  });

  test.each(Object.keys(en) as MessageKey[])("%s fills the same places in both languages", (key) => {
    const english: Message = en[key];
    expect(places(ja[key]).filter((name) => name !== "n")).toEqual(places(english).filter((name) => name !== "n"));
    if (places(english).includes("n")) expect(places(ja[key])).toContain("n");
    // One person and many may differ in words, not in what is filled in, but for the number itself.
    if (typeof english !== "string") expect(places(english.one).filter((name) => name !== "n")).toEqual(places(english.other).filter((name) => name !== "n"));
  });

  test("is not English where it says Japanese", () => {
    const same = (Object.keys(en) as MessageKey[]).filter((key) => ja[key] === en[key]);
    expect(same).toEqual(["app.name"]);
  });
});

describe("saying a message", () => {
  test("chooses the form by number", () => {
    const t = translator("en");
    expect(t("verdict.playing", { n: 1 })).toBe("Yes. One person is playing.");
    expect(t("verdict.playing", { n: 1234 })).toBe("Yes. 1,234 people are playing.");
    expect(t("drain.sessions", { n: 0 })).toBe("0 sessions");
    expect(translator("ja")("verdict.playing", { n: 1 })).toBe("はい。1人がプレイ中です。");
  });

  test("leaves a place that is not filled visible", () => {
    expect(translator("en")("room.title")).toBe("Room {key}");
  });

  test("does not read what it fills in as places", () => {
    expect(translator("en")("login.refused", { problem: "{n} $& {problem}" })).toBe("That link did not work: {n} $& {problem}");
  });
});

test("the language is the one chosen before, else the first one spoken", () => {
  expect(chooseLanguage(null, ["fr-FR", "ja-JP", "en"])).toBe("ja");
  expect(chooseLanguage("en", ["ja"])).toBe("en");
  expect(chooseLanguage("xx", ["de"])).toBe("en");
});

test("every message is said somewhere", () => {
  // Some names are put together where they are said, such as `state.${name}`.
  const sources = Object.values(import.meta.glob<string>("../**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true, exhaustive: true }));
  const said = sources.filter((source) => !source.includes("export const ja")).join("\n");
  const built = ["state.", "link.", "phase.", "view.", "span.", "series.", "verb.", "kind.", "generator.", "group.", "simulate.demand.", "simulate.recorded.", "simulate.fleets.", "simulate.policy.", "simulate.plot.", "rphase.", "uphase.", "dphase.", "verdict.gate.", "measure.", "compare.", "query."];
  const unsaid = Object.keys(en).filter((key) => !said.includes(`"${key}"`) && !built.some((prefix) => key.startsWith(prefix) && said.includes(`\`${prefix}\${`)));
  expect(unsaid).toEqual([]);
});
