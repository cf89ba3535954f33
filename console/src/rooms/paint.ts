import { hueOf, placeAt, type Point, ROOM_SIZE, type Track } from "./track.ts";
import { WAVE_MS } from "./visit.ts";

/** Names are written beside everybody up to this many people; above, beside the pointer's neighbours only. */
const NAMES_MAX = 16;
/** How near the pointer has to be to a person, in CSS pixels. */
const NEAR_PX = 26;

/** How far back the tail behind a walker reaches. */
const TRAIL_MS = 380;

/** What one frame shows. */
export interface Scene {
  tracks: ReadonlyMap<string, Track>;
  waves: ReadonlyMap<string, number>;
  /** The guest, drawn where they are now and not where the room last heard of them. */
  self: { player: string; at: Point; target: Point | undefined } | undefined;
  pointer: Point | undefined;
  youText: string;
}

/** The canvas's colours, read from the page's own. */
export interface Paints {
  dark: boolean;
  floor: string;
  edge: string;
  mark: string;
  ink: string;
  soft: string;
  pill: string;
  accent: string;
  font: string;
}

/** Reads the colours that hold now. */
export function readPaints(element: Element): Paints {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  // Custom properties keep light-dark() as it is written; a canvas wants the colour.
  const colour = (name: string) => resolve(of(name), dark);
  return {
    dark,
    floor: colour("--sunk"), edge: colour("--line-2"), mark: colour("--line"), ink: colour("--ink"),
    soft: colour("--ink-2"), pill: colour("--raised"), accent: colour("--accent"), font: style.fontFamily,
  };
}

function resolve(value: string, dark: boolean): string {
  const match = /^light-dark\((.*\)|[^,]*),\s*(.*)\)$/.exec(value);
  return match === null ? value : dark ? match[2]! : match[1]!;
}

/** The side of the square that the room is drawn in, and its corner, in CSS pixels. */
export interface Fit {
  left: number;
  top: number;
  scale: number;
}

/** Fits the square room into a canvas of `width` × `height` CSS pixels. */
export function fitInto(width: number, height: number): Fit {
  const margin = 14;
  const side = Math.max(40, Math.min(width, height) - 2 * margin);
  return { left: (width - side) / 2, top: (height - side) / 2, scale: side / ROOM_SIZE };
}

/** Draws a frame. */
export function paint(context: CanvasRenderingContext2D, width: number, height: number, scene: Scene, paints: Paints, nowMs: number) {
  const fit = fitInto(width, height);
  const on = ({ x, y }: Point): Point => ({ x: fit.left + x * fit.scale, y: fit.top + y * fit.scale });
  context.clearRect(0, 0, width, height);
  paintFloor(context, fit, paints);
  const size = dotSize(fit, scene.tracks.size);
  const dots = [...scene.tracks]
    .filter(([player]) => player !== scene.self?.player)
    .map(([player, track]) => ({ player, track, at: on(placeAt(track, nowMs)), own: false }));
  for (const { track, player } of dots) paintTrail(context, track, on, size, colourOf(player, paints), nowMs);
  for (const { at, player } of dots) {
    paintWave(context, at, size, scene.waves.get(player), colourOf(player, paints), nowMs);
    paintDot(context, at, size, colourOf(player, paints), paints);
  }
  const labels = dots.filter(({ at }) => scene.tracks.size <= NAMES_MAX || isNear(scene.pointer, at)).map(({ player, at }) => ({ text: player, at, own: false }));
  if (scene.self !== undefined) {
    const at = on(scene.self.at);
    if (scene.self.target !== undefined) paintTarget(context, on(scene.self.target), paints);
    paintWave(context, at, size, scene.waves.get(scene.self.player), paints.accent, nowMs);
    paintSelf(context, at, size, paints, nowMs);
    labels.push({ text: scene.youText, at, own: true });
  }
  for (const { text, at, own } of labels) paintName(context, text, at, size, own, paints, width);
}

function paintFloor(context: CanvasRenderingContext2D, { left, top, scale }: Fit, paints: Paints) {
  const side = ROOM_SIZE * scale;
  context.beginPath();
  context.roundRect(left - 12, top - 12, side + 24, side + 24, 18);
  context.fillStyle = paints.floor;
  context.fill();
  const light = context.createRadialGradient(left + side / 2, top + side * 0.45, side * 0.05, left + side / 2, top + side / 2, side * 0.75);
  light.addColorStop(0, paints.pill);
  light.addColorStop(1, paints.floor);
  context.globalAlpha = paints.dark ? 0.7 : 1;
  context.fillStyle = light;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = paints.edge;
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = paints.edge;
  for (let x = 0; x <= ROOM_SIZE; x += 100) {
    for (let y = 0; y <= ROOM_SIZE; y += 100) {
      context.beginPath();
      context.arc(left + x * scale, top + y * scale, x % 500 === 0 && y % 500 === 0 ? 1.8 : 1, 0, 7);
      context.fill();
    }
  }
}

function dotSize({ scale }: Fit, people: number): number {
  const crowd = people <= 20 ? 1 : people <= 60 ? 0.85 : people <= 150 ? 0.7 : 0.55;
  return Math.max(3.5, Math.min(11, ROOM_SIZE * scale * 0.0155)) * crowd;
}

function colourOf(player: string, { dark }: Paints): string {
  return `oklch(${dark ? "0.78 0.11" : "0.62 0.13"} ${hueOf(player)})`;
}

/** The way of the last moments: a tail that narrows and fades behind the dot. */
function paintTrail(context: CanvasRenderingContext2D, track: Track, on: (at: Point) => Point, size: number, colour: string, nowMs: number) {
  const head = on(placeAt(track, nowMs));
  const tail = on(placeAt(track, nowMs - TRAIL_MS));
  const length = Math.hypot(head.x - tail.x, head.y - tail.y);
  if (length < size * 0.6) return;
  const side = { x: ((head.y - tail.y) / length) * size * 0.92, y: (-(head.x - tail.x) / length) * size * 0.92 };
  const fade = context.createLinearGradient(head.x, head.y, tail.x, tail.y);
  fade.addColorStop(0, colour.replace(")", " / 0.45)"));
  fade.addColorStop(1, colour.replace(")", " / 0)"));
  context.fillStyle = fade;
  context.beginPath();
  context.moveTo(head.x + side.x, head.y + side.y);
  context.lineTo(tail.x, tail.y);
  context.lineTo(head.x - side.x, head.y - side.y);
  context.fill();
}

function paintDot(context: CanvasRenderingContext2D, at: Point, size: number, colour: string, paints: Paints) {
  context.beginPath();
  context.arc(at.x, at.y, size, 0, 7);
  context.fillStyle = colour;
  context.fill();
  context.strokeStyle = paints.pill;
  context.lineWidth = Math.max(1, size * 0.2);
  context.stroke();
}

function paintSelf(context: CanvasRenderingContext2D, at: Point, size: number, paints: Paints, nowMs: number) {
  const breath = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0.5 : (Math.sin(nowMs / 620) + 1) / 2;
  context.beginPath();
  context.arc(at.x, at.y, size * (2 + breath * 0.35), 0, 7);
  context.fillStyle = paints.accent;
  context.globalAlpha = 0.16;
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(at.x, at.y, size * 1.7, 0, 7);
  context.strokeStyle = paints.accent;
  context.lineWidth = 2;
  context.stroke();
  paintDot(context, at, size * 1.1, paints.accent, paints);
}

function paintTarget(context: CanvasRenderingContext2D, at: Point, paints: Paints) {
  context.strokeStyle = paints.accent;
  context.lineWidth = 1.5;
  context.globalAlpha = 0.7;
  context.beginPath();
  context.moveTo(at.x - 5, at.y);
  context.lineTo(at.x + 5, at.y);
  context.moveTo(at.x, at.y - 5);
  context.lineTo(at.x, at.y + 5);
  context.stroke();
  context.globalAlpha = 1;
}

function paintWave(context: CanvasRenderingContext2D, at: Point, size: number, wavedAtMs: number | undefined, colour: string, nowMs: number) {
  const part = wavedAtMs === undefined ? 1 : (nowMs - wavedAtMs) / WAVE_MS;
  if (part < 0 || part >= 1) return;
  context.strokeStyle = colour;
  for (const delay of [0, 0.22]) {
    const own = part - delay;
    if (own <= 0) continue;
    context.globalAlpha = (1 - own) * 0.8;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(at.x, at.y, size * (1.5 + own * 4.5), 0, 7);
    context.stroke();
  }
  context.globalAlpha = 1;
}

function paintName(context: CanvasRenderingContext2D, text: string, at: Point, size: number, own: boolean, paints: Paints, canvasWidth: number) {
  context.font = `${own ? 600 : 500} 12px ${paints.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 12;
  const y = at.y - size * (own ? 2.3 : 1.3) - 11;
  const x = Math.min(canvasWidth - width / 2 - 1, Math.max(width / 2 + 1, at.x));
  context.beginPath();
  context.roundRect(x - width / 2, y - 9, width, 18, 9);
  context.globalAlpha = 0.88;
  context.fillStyle = own ? paints.accent : paints.pill;
  context.fill();
  context.globalAlpha = 1;
  context.fillStyle = own ? paints.pill : paints.soft;
  context.fillText(text, x, y + 0.5);
}

function isNear(pointer: Point | undefined, at: Point): boolean {
  return pointer !== undefined && Math.hypot(pointer.x - at.x, pointer.y - at.y) <= NEAR_PX;
}
