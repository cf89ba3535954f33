import { type PointerEvent, useMemo, useState, useSyncExternalStore } from "react";
import { useHouse } from "../app/context.tsx";
import type { Format } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import type { Translate } from "../i18n/translate.ts";
import { useWidth } from "../parts/useWidth.ts";
import { niceTop, type Sample, shownSpan, stretches } from "./history.ts";
import type { Totals } from "./totals.ts";

const HEIGHT = 168;
const PLAYERS = { top: 14, bottom: 104 };
const SERVERS = { top: 122, bottom: 152 };
const LEFT = 44;
/** The labels at the right are this wide at least, in pixels. */
const RIGHT_MIN = 80;
/** Over a shorter time the chart is nearly empty and says why. */
const NEW_MS = 45_000;

interface Scale {
  x: (atMs: number) => number;
  players: (n: number) => number;
  servers: (n: number) => number;
  playersTop: number;
  serversTop: number;
  from: number;
  to: number;
  /** The x of the newest moment. */
  end: number;
}

/** Players, and below them open and ready servers, over the last minutes: two strips with an axis each, on one time. */
export function StripChart({ totals }: { totals: Totals }) {
  const { t, format } = useSpeech();
  const { history } = useHouse();
  const kept = useSyncExternalStore(history.subscribe, history.snapshot);
  const samples = useMemo(() => upToNow(kept, totals), [kept, totals]);
  const [box, width] = useWidth<HTMLElement>();
  const [hover, setHover] = useState<number>();
  const last = samples[samples.length - 1];
  const right = Math.max(RIGHT_MIN, ...(last === undefined ? [] : labelsOf(last, t, format).map(({ n, name }) => 24 + textWidth(`${n} ${name}`))));
  const scale = useMemo(() => scaleOf(samples, width - right), [samples, width, right]);
  const under = hover === undefined || scale === undefined ? undefined : nearest(samples, scale.from + ((hover - LEFT) / (scale.end - LEFT)) * (scale.to - scale.from));
  const show = under ?? last;
  const max = samples.reduce((top, sample) => Math.max(top, sample.players), 0);
  const say = last === undefined ? t("chart.title") : `${t("chart.title")}. ${t("chart.describe", { players: last.players, max, open: last.open, ready: last.ready })}`;

  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => setHover(event.clientX - event.currentTarget.getBoundingClientRect().left);
  return (
    <figure className="strip" ref={box}>
      {scale !== undefined && (
        <svg width={width} height={HEIGHT} role="img" aria-label={say} onPointerMove={onPointerMove} onPointerLeave={() => setHover(undefined)}>
          <Frame scale={scale} />
          {last !== undefined && last.atMs - samples[0]!.atMs < NEW_MS && (
            <text className="strip-note" x={LEFT + 12} y={PLAYERS.bottom - 12}>{t("chart.collecting")}</text>
          )}
          {stretches(samples).map((run) => <Run key={run[0]!.atMs} run={run} scale={scale} />)}
          {show !== undefined && <Now sample={show} scale={scale} hovering={under !== undefined} />}
          {under !== undefined && (
            <text className="strip-axis" x={clampX(scale.x(under.atMs), scale)} y={PLAYERS.top - 3} textAnchor="middle">
              {format.clock(under.atMs, scale.to, true)}
            </text>
          )}
        </svg>
      )}
    </figure>
  );
}

/** The last sample says what the page's numbers say at this moment. */
function upToNow(samples: readonly Sample[], { players, open, ready }: Totals): readonly Sample[] {
  const last = samples[samples.length - 1];
  return last === undefined ? samples : [...samples.slice(0, -1), { ...last, players, open, ready }];
}

function scaleOf(samples: readonly Sample[], end: number): Scale | undefined {
  if (end < LEFT + 60) return undefined;
  const to = samples[samples.length - 1]?.atMs ?? 0;
  const from = to - shownSpan(samples);
  const playersTop = niceTop(Math.max(0, ...samples.map(({ players }) => players)), 10);
  const serversTop = niceTop(Math.max(0, ...samples.map(({ open, ready }) => Math.max(open, ready))), 4);
  const along = (top: number, lane: { top: number; bottom: number }) => (n: number) => lane.bottom - (n / top) * (lane.bottom - lane.top);
  return {
    x: (atMs) => LEFT + ((atMs - from) / (to - from)) * (end - LEFT),
    players: along(playersTop, PLAYERS),
    servers: along(serversTop, SERVERS),
    playersTop, serversTop, from, to, end,
  };
}

function Frame({ scale }: { scale: Scale }) {
  const { t, format } = useSpeech();
  const minutes = Math.round((scale.to - scale.from) / 60_000);
  const every = minutes <= 3 ? 1 : minutes <= 6 ? 2 : 5;
  const marks = Array.from({ length: Math.floor(minutes / every) }, (_, i) => (i + 1) * every);
  const lines = [[scale.players(0), 0], [scale.players(scale.playersTop / 2), scale.playersTop / 2], [scale.players(scale.playersTop), scale.playersTop]] as const;
  return (
    <g className="strip-frame">
      {lines.map(([y, n]) => (
        <g key={n}>
          <line x1={LEFT} x2={scale.end} y1={y} y2={y} className={n === 0 ? "base" : ""} />
          {Number.isInteger(n) && <text className="strip-axis" x={LEFT - 6} y={y + 3.5} textAnchor="end">{format.compact(n)}</text>}
        </g>
      ))}
      <line x1={LEFT} x2={scale.end} y1={SERVERS.bottom} y2={SERVERS.bottom} className="base" />
      <text className="strip-axis" x={LEFT - 6} y={SERVERS.bottom + 3.5} textAnchor="end">0</text>
      <text className="strip-axis" x={LEFT - 6} y={SERVERS.top + 3.5} textAnchor="end">{format.compact(scale.serversTop)}</text>
      {marks.map((ago) => (
        <text key={ago} className="strip-axis" x={scale.x(scale.to - ago * 60_000)} y={HEIGHT - 3} textAnchor={ago === minutes ? "start" : "middle"}>
          {t("chart.ago", { n: ago })}
        </text>
      ))}
      <text className="strip-axis" x={scale.end} y={HEIGHT - 3} textAnchor="end">{t("chart.now")}</text>
    </g>
  );
}

/** One stretch without a gap. */
function Run({ run, scale }: { run: readonly Sample[]; scale: Scale }) {
  const x0 = scale.x(run[0]!.atMs);
  const x1 = scale.x(run[run.length - 1]!.atMs);
  const line = run.map(({ atMs, players }) => `${scale.x(atMs).toFixed(1)},${scale.players(players).toFixed(1)}`).join("L");
  return (
    <g>
      <path className="strip-area" d={`M${x0},${PLAYERS.bottom}L${line}L${x1},${PLAYERS.bottom}Z`} />
      <path className="strip-players" d={`M${line}`} />
      <path className="strip-open" d={stairs(run, scale, ({ open }) => open)} />
      <path className="strip-ready" d={stairs(run, scale, ({ ready }) => ready)} />
    </g>
  );
}

/** Whole servers come and go at once: a line of steps. */
function stairs(run: readonly Sample[], scale: Scale, of: (sample: Sample) => number): string {
  return run.map((sample, i) => {
    const x = scale.x(sample.atMs).toFixed(1);
    const y = scale.servers(of(sample)).toFixed(1);
    return i === 0 ? `M${x},${y}` : `H${x}V${y}`;
  }).join("");
}

/** The values at one moment, written beside their lines. */
function Now({ sample, scale, hovering }: { sample: Sample; scale: Scale; hovering: boolean }) {
  const { t, format } = useSpeech();
  const x = scale.x(sample.atMs);
  const labels = labelsOf(sample, t, format).map((label) => ({ ...label, y: (label.kind === "players" ? scale.players : scale.servers)(sample[label.kind]) }));
  const apart = Math.abs(labels[1]!.y - labels[2]!.y) < 15 ? 15 : 0;
  const middle = (labels[1]!.y + labels[2]!.y) / 2;
  const sign = labels[1]!.y <= labels[2]!.y ? -1 : 1;
  const ys = [labels[0]!.y, apart > 0 ? middle + (sign * apart) / 2 : labels[1]!.y, apart > 0 ? middle - (sign * apart) / 2 : labels[2]!.y];
  return (
    <g>
      {hovering && <line className="strip-cross" x1={x} x2={x} y1={PLAYERS.top} y2={SERVERS.bottom} />}
      {labels.map(({ y, n, name, kind }, i) => (
        <g key={kind}>
          <circle className={`strip-dot ${kind}`} cx={x} cy={y} r={kind === "players" ? 3.5 : 2.5} />
          <text className={`strip-label ${kind}`} x={scale.end + 10} y={ys[i]! + 4}>
            <tspan className="n">{n}</tspan> {name}
          </text>
        </g>
      ))}
    </g>
  );
}

function labelsOf(sample: Sample, t: Translate, format: Format) {
  return [
    { kind: "players", n: format.number(sample.players), name: t("card.players", { n: sample.players }) },
    { kind: "open", n: format.number(sample.open), name: t("chart.open") },
    { kind: "ready", n: format.number(sample.ready), name: t("chart.ready") },
  ] as const;
}

/** About how wide a 12 px text is: a kana takes a square, a letter half of one and a bit. */
function textWidth(text: string): number {
  return [...text].reduce((width, letter) => width + (letter > "\u2e80" ? 12.5 : 7.4), 0);
}

function clampX(x: number, scale: Scale): number {
  return Math.min(scale.end, Math.max(LEFT + 20, x));
}

function nearest(samples: readonly Sample[], atMs: number): Sample | undefined {
  let best: Sample | undefined;
  for (const sample of samples) if (best === undefined || Math.abs(sample.atMs - atMs) < Math.abs(best.atMs - atMs)) best = sample;
  return best;
}
