import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Format } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useWidth } from "../parts/useWidth.ts";
import { keyRange, type Range, within } from "./range.ts";
import { lonely, type Series, topOf } from "./series.ts";
import { Legend, Table } from "./Legend.tsx";
import "./plot.css";

interface Props {
  title: string;
  /** What it says, for those who do not see it. */
  describe: string;
  atMs: readonly number[];
  series: readonly Series[];
  range: Range;
  /** Plots of one group show the same moment under the pointer. */
  group: string;
  height?: number;
  /** Equal tops make plots side by side comparable; 0: from the data. */
  top?: number;
  /** Unset: it cannot be zoomed. */
  onRange?: (range: Range) => void;
  /** How moments are written; unset: as the clock says. */
  writeTime?: (atMs: number) => string;
  /** Moments at which something changed, each with a word. */
  marks?: readonly Mark[];
  children?: ReactNode;
}

/** A moment that is marked in a plot. */
export interface Mark {
  readonly atMs: number;
  readonly label: string;
}

const unmarked: readonly Mark[] = [];

/** Lines over time. Dragging over it, or the keys + − ← →, choose another stretch of time. */
export function Plot({ title, describe, atMs, series, range, group, height = 180, top = 0, onRange, writeTime, marks = unmarked, children }: Props) {
  const { t, format, language } = useSpeech();
  const [box, width] = useWidth<HTMLDivElement>();
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const dark = useDark();
  const [under, setUnder] = useState<number>();
  const write = writeTime ?? format.full;
  const data = useMemo(() => [atMs.map((at) => at / 1_000), ...series.map(({ values }) => values)] as uPlot.AlignedData, [atMs, series]);
  const shape = series.map(({ key, label, look, tone, steps }) => `${key} ${label} ${look} ${tone} ${steps}`).join();
  const now = useRef({ range, top, onRange, marks });
  now.current = { range, top, onRange, marks };

  useEffect(() => {
    if (holder.current === null || width < 40) return;
    const made = new uPlot(options(holder.current, { series, width, height, group, format, now, setUnder, relative: writeTime }), data, holder.current);
    plot.current = made;
    return () => made.destroy();
    // The data and the stretch are set below, without making the plot anew.
  }, [shape, width, height, group, dark, language]);
  useEffect(() => plot.current?.setData(data), [data, range.fromMs, range.toMs, top, marks, shape, width, dark, language]);

  return (
    <figure
      className="plot"
      tabIndex={onRange === undefined ? undefined : 0}
      aria-label={`${title}. ${describe}${onRange === undefined ? "" : ` ${t("plot.keys")}`}`}
      onKeyDown={(event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.target !== event.currentTarget) return;
        const next = onRange && keyRange(event.key, range, Date.now());
        if (next === undefined) return;
        event.preventDefault();
        onRange!(next);
      }}
    >
      <figcaption>
        <b>{title}</b>
        <Legend series={series} place={under} />
        <span className="plot-when">{under !== undefined && atMs[under] !== undefined ? write(atMs[under]) : ""}</span>
      </figcaption>
      <div ref={box} className="plot-box" style={{ height }}>
        <div ref={holder} aria-hidden="true" />
      </div>
      {children}
      <Table title={title} atMs={atMs} series={series} write={write} />
    </figure>
  );
}

interface Making {
  series: readonly Series[];
  width: number;
  height: number;
  group: string;
  format: Format;
  now: { current: { range: Range; top: number; onRange: ((range: Range) => void) | undefined; marks: readonly Mark[] } };
  setUnder: (place: number | undefined) => void;
  relative: ((atMs: number) => string) | undefined;
}

function options(element: HTMLElement, { series, width, height, group, format, now, setUnder, relative }: Making): uPlot.Options {
  const colour = (name: string) => colourOf(element, `--${name}`);
  const grid = { stroke: colour("line"), width: 1 };
  const text = { stroke: colour("ink-3"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  return {
    width, height,
    legend: { show: false },
    padding: [8, 26, 0, 0],
    scales: {
      x: { time: true, range: () => [now.current.range.fromMs / 1_000, now.current.range.toMs / 1_000] },
      y: { range: (_, __, max) => [0, now.current.top || topOf(max)] },
    },
    axes: [
      { ...text, grid: { show: false }, size: 30, gap: 9, space: 84, values: (_, splits, __, ___, step) => splits.map((at) => (relative === undefined ? axisTime(at * 1_000, step, format) : relative(at * 1_000))) },
      { ...text, grid, size: 46, gap: 6, space: 34, values: (_, splits) => splits.map((n) => (n >= 10 && !Number.isInteger(n) ? "" : format.compact(n))) },
    ],
    cursor: {
      y: false,
      sync: { key: group },
      drag: { x: now.current.onRange !== undefined, y: false, setScale: false, dist: 4 },
      points: { size: 6 },
    },
    series: [{}, ...series.map((one) => lineOf(one, colour))],
    hooks: {
      drawAxes: [(self) => drawMarks(self, now.current.marks, colour)],
      setCursor: [(self) => setUnder(self.cursor.idx ?? undefined)],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width < 4 || now.current.onRange === undefined) return;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          now.current.onRange(within({ fromMs: self.posToVal(left, "x") * 1_000, toMs: self.posToVal(left + width, "x") * 1_000 }, Date.now()));
        },
      ],
    },
  };
}

/** A thin line down the plot at each moment, its word at the top where there is room for it. */
function drawMarks(self: uPlot, marks: readonly Mark[], colour: (name: string) => string) {
  const { ctx, bbox } = self;
  const pixel = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour("line-2");
  ctx.fillStyle = colour("ink-3");
  ctx.lineWidth = pixel;
  ctx.font = `${11 * pixel}px system-ui, sans-serif`;
  let free = Infinity;
  for (const { atMs, label } of [...marks].reverse()) {
    const x = Math.round(self.valToPos(atMs / 1_000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const wide = ctx.measureText(label).width + 6 * pixel;
    if (x + wide > Math.min(free, bbox.left + bbox.width + 24 * pixel)) continue;
    ctx.fillText(label, x + 3 * pixel, bbox.top + 9 * pixel);
    free = x;
  }
  ctx.restore();
}

function lineOf({ look, tone, steps = false }: Series, colour: (name: string) => string): uPlot.Series {
  const stroke = colour(tone);
  const stepped = steps ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    stroke,
    width: look === "behind" ? 1 : look === "line" ? 2 : 1.6,
    ...(look === "behind" ? { fill: colour("fill-1") } : {}),
    ...(look === "dashed" ? { dash: [7, 4] } : look === "dotted" ? { dash: [2, 3] } : {}),
    ...(stepped === undefined ? {} : { paths: stepped }),
    spanGaps: false,
    points: { show: true, size: 5, fill: stroke, filter: (self, place) => lonely(self.data[place]!) },
  };
}

/** The day where it begins, else the time; for steps of days, the day alone. */
function axisTime(atMs: number, stepSeconds: number, format: Format): string {
  const at = new Date(atMs);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0;
  if (stepSeconds >= 86_400 || midnight) return format.day(atMs);
  return stepSeconds < 60 ? format.clock(atMs, atMs, true) : format.time(atMs);
}

/** A canvas knows no variables: the colour as the page would paint it now. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function useDark(): boolean {
  const [media] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [dark, setDark] = useState(media.matches);
  useEffect(() => {
    const changed = () => setDark(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [media]);
  return dark;
}
