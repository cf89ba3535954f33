/** A stretch of time, in milliseconds. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

const HOUR = 3_600_000;

/** The stretches that are chosen by name; they end now. */
export const presets = { "1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR } as const;
export type Preset = keyof typeof presets;
export const presetNames = Object.keys(presets) as Preset[];

/** A plot never shows less, or more. */
export const SPAN_MS_MIN = 60_000;
export const SPAN_MS_MAX = 400 * 24 * HOUR;

/** A stretch made possible: not too short or long, and not in the future, where nothing is recorded. */
export function within({ fromMs, toMs }: Range, nowMs: number): Range {
  const span = Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, Math.abs(toMs - fromMs)));
  const middle = (fromMs + toMs) / 2;
  const end = Math.min(nowMs, Math.round(middle + span / 2));
  return { fromMs: end - Math.round(span), toMs: end };
}

/** Goes to the side by a share of what is shown; to the right at most until now. */
export function pan(range: Range, share: number, nowMs: number): Range {
  const by = (range.toMs - range.fromMs) * share;
  return within({ fromMs: range.fromMs + by, toMs: range.toMs + by }, nowMs);
}

/** Shows `factor` times as long a time around the middle; below 1 goes nearer. What ends now goes on ending now. */
export function zoom(range: Range, factor: number, nowMs: number): Range {
  const span = (range.toMs - range.fromMs) * factor;
  const atEnd = nowMs - range.toMs < (range.toMs - range.fromMs) * 0.02;
  const end = atEnd ? nowMs : (range.fromMs + range.toMs) / 2 + span / 2;
  return within({ fromMs: end - span, toMs: end }, nowMs);
}

/** What a key does to a stretch; undefined for another key. */
export function keyRange(key: string, range: Range, nowMs: number): Range | undefined {
  switch (key) {
    case "ArrowLeft":
      return pan(range, -0.2, nowMs);
    case "ArrowRight":
      return pan(range, 0.2, nowMs);
    case "+":
    case "=":
      return zoom(range, 0.5, nowMs);
    case "-":
      return zoom(range, 2, nowMs);
    default:
      return undefined;
  }
}
