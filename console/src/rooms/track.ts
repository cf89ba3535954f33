/** A place in a room: 0 to 1000 each way. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How wide and high a room is, in its own units. */
export const ROOM_SIZE = 1000;
/** Samples kept of one person's way. */
const KEPT = 12;
/** The dots are drawn this much later than they were heard, at least and at most. */
const LAG_MIN_MS = 60;
const LAG_MAX_MS = 400;

/** What was heard of one person's way: places and the local time of hearing, in milliseconds. */
export interface Track {
  readonly samples: readonly (Point & { readonly atMs: number })[];
  /** The usual time between two samples, smoothed. */
  readonly gapMs: number;
}

/** A way that begins at a place. */
export function begin(at: Point, nowMs: number): Track {
  return { samples: [{ ...at, atMs: nowMs }], gapMs: 100 };
}

/** Adds a place that was heard now. After a rest the person starts from where they stood, not from when they last moved. */
export function hear(track: Track, at: Point, nowMs: number): Track {
  const last = track.samples[track.samples.length - 1]!;
  const gap = nowMs - last.atMs;
  const rested = gap > LAG_MAX_MS * 2;
  const before = rested ? [{ x: last.x, y: last.y, atMs: nowMs - track.gapMs }] : track.samples;
  const gapMs = rested ? track.gapMs : track.gapMs * 0.8 + Math.max(16, gap) * 0.2;
  return { samples: [...before, { ...at, atMs: nowMs }].slice(-KEPT), gapMs };
}

/** Where to draw the person now: between the two places heard around a moment a little in the past; never ahead of what was heard. */
export function placeAt(track: Track, nowMs: number): Point {
  const shown = nowMs - Math.min(LAG_MAX_MS, Math.max(LAG_MIN_MS, track.gapMs * 1.5));
  const { samples } = track;
  const next = samples.findIndex(({ atMs }) => atMs > shown);
  if (next === 0) return samples[0]!;
  if (next < 0) return samples[samples.length - 1]!;
  const a = samples[next - 1]!;
  const b = samples[next]!;
  const part = (shown - a.atMs) / (b.atMs - a.atMs);
  return { x: a.x + (b.x - a.x) * part, y: a.y + (b.y - a.y) * part };
}

const decoder = new TextDecoder();

/** Reads a position's value; undefined when it is not one: whoever wrote it may have written anything. */
export function readPosition(value: Uint8Array): Point | undefined {
  try {
    const parsed: unknown = JSON.parse(decoder.decode(value));
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const { x, y } = parsed as Partial<Point>;
    if (typeof x !== "number" || typeof y !== "number" || !Number.isFinite(x) || !Number.isFinite(y)) return undefined;
    return clamp({ x, y });
  } catch {
    return undefined;
  }
}

/** The nearest place inside the room. */
export function clamp({ x, y }: Point): Point {
  return { x: Math.min(ROOM_SIZE, Math.max(0, x)), y: Math.min(ROOM_SIZE, Math.max(0, y)) };
}

/** A person's hue in degrees: always the same for the same name, and different for most. */
export function hueOf(player: string): number {
  let hash = 2166136261;
  for (let i = 0; i < player.length; i++) hash = Math.imul(hash ^ player.charCodeAt(i), 16777619);
  // Names often differ in their last letter only: stir until that changes every bit.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % 360;
}
