/** All of what two fleets share, in parts per million. */
export const WHOLE = 1_000_000;
/** The steps of a rollout that names none. */
export const DEFAULT_STEPS = [100, 1_000, 10_000, 100_000, 500_000, WHOLE] as const;

/** Below this weight the scale is nearly linear, so that 0 has a place. */
const SOFT_PPM = 40;
/** How much of the scale is linear: it keeps 50 % and 100 % apart, which a logarithm alone would not. */
const LINEAR = 0.15;
/** A dragged weight this near to a step is the step. */
const SNAP = 0.012;

/**
 * The place of a weight on the scale, 0 to 1. It is a logarithm with a little of the weight itself: 0.01 % stands well away from
 * nothing, and 50 % well away from everything.
 */
export function placeOf(ppm: number): number {
  const weight = Math.min(WHOLE, Math.max(0, ppm));
  const log = Math.log1p(weight / SOFT_PPM) / Math.log1p(WHOLE / SOFT_PPM);
  return (1 - LINEAR) * log + (LINEAR * weight) / WHOLE;
}

/** The weight at a place of the scale, rounded to what a person would say: two digits, whole percents from 10 % up. */
export function weightAt(place: number): number {
  if (place <= 0) return 0;
  if (place >= 1) return WHOLE;
  let [low, high] = [0, WHOLE];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (placeOf(middle) <= place) low = middle;
    else high = middle;
  }
  return rounded(low);
}

/** The weight at a place, or the step that is near to it. */
export function snapped(place: number, steps: readonly number[]): number {
  const near = steps.find((step) => Math.abs(placeOf(step) - place) <= SNAP);
  return near ?? weightAt(place);
}

function rounded(ppm: number): number {
  if (ppm <= 0) return 0;
  const unit = ppm >= 100_000 ? 10_000 : 10 ** Math.max(0, Math.floor(Math.log10(ppm)) - 1);
  return Math.min(WHOLE, Math.round(ppm / unit) * unit);
}

/** Where a key leads from a weight: arrows to the next two-digit weight, Page keys from step to step. Undefined for another key. */
export function keyWeight(key: string, ppm: number, steps: readonly number[]): number | undefined {
  const unit = (weight: number) => (weight >= 100_000 ? 10_000 : 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, weight))) - 1));
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(WHOLE, Math.floor(ppm / unit(ppm)) * unit(ppm) + Math.max(10, unit(ppm)));
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, Math.ceil(ppm / unit(ppm - 1)) * unit(ppm - 1) - Math.max(10, unit(ppm - 1)));
    case "PageUp":
      return steps.find((step) => step > ppm) ?? WHOLE;
    case "PageDown":
      return steps.findLast((step) => step < ppm) ?? 0;
    case "Home":
      return 0;
    case "End":
      return WHOLE;
    default:
      return undefined;
  }
}

/** Reads a weight as people write it, "0.01 %" or "10", as a percentage; undefined for what is none, or is finer than 1 ppm. */
export function readPercent(text: string): number | undefined {
  const plain = text.replace(/[\s%％]/g, "");
  if (!/^\d{1,3}(\.\d{1,4})?$/.test(plain)) return undefined;
  const ppm = Math.round(Number(plain) * 10_000);
  return ppm > WHOLE ? undefined : ppm;
}

/** Writes a weight as `readPercent` reads it. */
export function writePercent(ppm: number): string {
  return String(Number((ppm / 10_000).toFixed(4)));
}
