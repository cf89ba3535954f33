import { describe, expect, test } from "vitest";
import { fitInto } from "./paint.ts";
import { begin, hear, hueOf, placeAt, readPosition } from "./track.ts";
import { guestName } from "./guest.ts";
import { isWalkKey, WALK_SPEED, walkOn } from "./walk.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a person's way", () => {
  test("is drawn between the places heard, a little late, and never ahead of them", () => {
    let track = begin({ x: 0, y: 0 }, 0);
    for (let i = 1; i <= 5; i++) track = hear(track, { x: i * 10, y: 0 }, i * 100);
    const xs = Array.from({ length: 60 }, (_, i) => placeAt(track, 400 + i * 10).x);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
    expect(placeAt(track, 500).x).toBeCloseTo(35, 0);
    expect(xs[xs.length - 1]).toBe(50);
    const steps = xs.slice(1).map((x, i) => x - xs[i]!);
    expect(Math.max(...steps)).toBeLessThan(1.2);
  });

  test("starts from where they stood after a rest, instead of sliding since then", () => {
    const rested = hear(begin({ x: 0, y: 0 }, 0), { x: 10, y: 0 }, 60_000);
    expect(placeAt(rested, 60_000).x).toBeLessThan(1);
    expect(placeAt(rested, 60_000 + 400).x).toBe(10);
  });
});

test("a position is read or it is not one", () => {
  expect(readPosition(bytes('{"x":1,"y":2,"n":3,"t":4}'))).toEqual({ x: 1, y: 2 });
  expect(readPosition(bytes('{"x":-5,"y":2000}'))).toEqual({ x: 0, y: 1000 });
  for (const bad of ["", "null", "5", "[]", '{"x":1}', '{"x":"1","y":2}', '{"x":1e999,"y":0}', "\xff"]) expect(readPosition(bytes(bad)), bad).toBeUndefined();
});

test("hues are steady and spread over the circle even for names in a row", () => {
  expect(hueOf("bot-001")).toBe(hueOf("bot-001"));
  const sixths = new Set(Array.from({ length: 60 }, (_, i) => Math.floor(hueOf(`bot-${String(i).padStart(3, "0")}`) / 60)));
  expect(sixths.size).toBe(6);
});

describe("walking", () => {
  const here = { at: { x: 500, y: 500 }, target: undefined };

  test("by keys is as fast in a diagonal as along an axis", () => {
    const right = walkOn(here, ["KeyD"], 100);
    const both = walkOn(here, ["ArrowRight", "ArrowDown"], 100);
    expect(right.at).toEqual({ x: 500 + WALK_SPEED / 10, y: 500 });
    expect(Math.hypot(both.at.x - 500, both.at.y - 500)).toBeCloseTo(WALK_SPEED / 10);
    expect(walkOn(here, ["KeyA", "KeyD"], 100)).toEqual(here);
  });

  test("to a target ends on it, and keys outweigh it", () => {
    let walk = { ...here, target: { x: 540, y: 530 } as { x: number; y: number } | undefined } as Parameters<typeof walkOn>[0];
    for (let i = 0; i < 20; i++) walk = walkOn(walk, [], 16);
    expect(walk).toEqual({ at: { x: 540, y: 530 }, target: undefined });
    expect(walkOn({ ...here, target: { x: 0, y: 0 } }, ["KeyS"], 16).target).toBeUndefined();
  });

  test("stays in the room, and a page that slept does not make a giant step", () => {
    expect(walkOn({ at: { x: 990, y: 5 }, target: undefined }, ["KeyD", "KeyW"], 250).at).toEqual({ x: 1000, y: 0 });
    expect(walkOn(here, ["KeyD"], 60_000).at.x).toBeCloseTo(500 + WALK_SPEED / 4);
  });

  test("knows its keys", () => {
    expect(["KeyW", "ArrowLeft", "Space", "Tab"].map(isWalkKey)).toEqual([true, true, false, false]);
  });
});

test("the room is a square in the middle of any canvas", () => {
  const fit = fitInto(600, 400);
  expect(fit.scale * 1000 + 2 * fit.top).toBeCloseTo(400);
  expect(fit.left - fit.top).toBeCloseTo(100);
});

test("a guest keeps the name in the tab", () => {
  const kept = new Map<string, string>();
  const shelf = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
  const name = guestName(shelf, () => 0.5);
  expect(name).toMatch(/^guest-[a-z0-9]{4}$/);
  expect(guestName(shelf, () => 0.9)).toBe(name);
  kept.set("greenroom.guest", "guest-<script>");
  expect(guestName(shelf, () => 0)).toBe("guest-aaaa");
});
