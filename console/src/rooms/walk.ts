import { clamp, type Point } from "./track.ts";

/** How fast a guest walks, in room units a second. */
export const WALK_SPEED = 320;
/** At most ten positions a second are said. */
export const SAY_MS = 100;

/** Where a guest is and where they go: by held keys, or to a place that was pointed at. */
export interface Walk {
  readonly at: Point;
  readonly target: Point | undefined;
}

const directions: Readonly<Record<string, Point>> = {
  ArrowUp: { x: 0, y: -1 }, KeyW: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 }, KeyS: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 }, KeyA: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 }, KeyD: { x: 1, y: 0 },
};

/** Tells whether a key (by its code) walks. */
export function isWalkKey(code: string): boolean {
  return code in directions;
}

/** Moves on by `elapsedMs`. Held keys outweigh the target; diagonals are no faster. */
export function walkOn(walk: Walk, held: Iterable<string>, elapsedMs: number): Walk {
  const reach = (WALK_SPEED * Math.min(elapsedMs, 250)) / 1000;
  let x = 0;
  let y = 0;
  for (const code of held) {
    x += directions[code]?.x ?? 0;
    y += directions[code]?.y ?? 0;
  }
  if (x !== 0 || y !== 0) {
    const length = Math.hypot(x, y);
    return { at: clamp({ x: walk.at.x + (x / length) * reach, y: walk.at.y + (y / length) * reach }), target: undefined };
  }
  if (walk.target === undefined) return walk;
  const dx = walk.target.x - walk.at.x;
  const dy = walk.target.y - walk.at.y;
  const far = Math.hypot(dx, dy);
  if (far <= reach) return { at: walk.target, target: undefined };
  return { at: { x: walk.at.x + (dx / far) * reach, y: walk.at.y + (dy / far) * reach }, target: walk.target };
}
