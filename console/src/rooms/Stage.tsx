import { type PointerEvent, useEffect, useRef } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { fitInto, paint, type Paints, readPaints } from "./paint.ts";
import { clamp, type Point } from "./track.ts";
import type { Visit } from "./visit.ts";
import { isWalkKey } from "./walk.ts";

/** The room's map. Without a visit it is an empty floor; with one it is live, and keys, clicks and touches walk. */
export function Stage({ visit }: { visit: Visit | undefined }) {
  const { t } = useSpeech();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointer = useRef<Point>(undefined);
  const dragging = useRef(false);
  const youText = t("room.you");
  useEffect(() => (canvas.current === null ? undefined : animate(canvas.current, visit, pointer, youText)), [visit, youText]);
  useEffect(() => (visit === undefined ? undefined : listenToKeys(visit)), [visit]);

  const place = (event: PointerEvent<HTMLCanvasElement>): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const goTo = (event: PointerEvent<HTMLCanvasElement>) => {
    if (visit === undefined) return;
    const at = place(event);
    const fit = fitInto(event.currentTarget.clientWidth, event.currentTarget.clientHeight);
    visit.walk = { ...visit.walk, target: clamp({ x: (at.x - fit.left) / fit.scale, y: (at.y - fit.top) / fit.scale }) };
  };
  return (
    <canvas
      ref={canvas}
      className={visit === undefined ? "stage" : "stage live"}
      role="img"
      aria-label={t("room.stage", { n: visit?.people().length ?? 0, x: Math.round(visit?.walk.at.x ?? 0), y: Math.round(visit?.walk.at.y ?? 0) })}
      onPointerDown={(event) => {
        dragging.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        pointer.current = place(event);
        if (dragging.current) goTo(event);
      }}
      onPointerUp={() => (dragging.current = false)}
      onPointerCancel={() => (dragging.current = false)}
      onPointerLeave={() => (pointer.current = undefined)}
    />
  );
}

/** Draws frame after frame until the answer is called. */
function animate(canvas: HTMLCanvasElement, visit: Visit | undefined, pointer: { current: Point | undefined }, youText: string): () => void {
  const context = canvas.getContext("2d");
  if (context === null) return () => {};
  let paints: Paints = readPaints(canvas);
  let last = performance.now();
  let request = 0;
  const repaint = () => void (paints = readPaints(canvas));
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", repaint);
  const frame = (nowMs: number) => {
    const ratio = Math.min(2, devicePixelRatio);
    const { clientWidth: width, clientHeight: height } = canvas;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    visit?.frame(nowMs, nowMs - last);
    last = nowMs;
    const self = visit === undefined ? undefined : { player: visit.player, ...visit.walk };
    paint(context, width, height, { tracks: visit?.tracks ?? noTracks, waves: visit?.waves ?? noWaves, self, pointer: pointer.current, youText }, paints, nowMs);
    request = requestAnimationFrame(frame);
  };
  request = requestAnimationFrame(frame);
  return () => {
    cancelAnimationFrame(request);
    scheme.removeEventListener("change", repaint);
  };
}

const noTracks = new Map<never, never>();
const noWaves = new Map<never, never>();

function listenToKeys(visit: Visit): () => void {
  const down = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    if (isWalkKey(event.code)) {
      event.preventDefault();
      visit.held.add(event.code);
    } else if (event.code === "Space" && !(event.target instanceof HTMLButtonElement)) {
      event.preventDefault();
      if (!event.repeat) visit.wave();
    }
  };
  const up = (event: KeyboardEvent) => void visit.held.delete(event.code);
  const blur = () => visit.held.clear();
  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", blur);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", blur);
  };
}
