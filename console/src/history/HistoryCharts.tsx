import { useMemo } from "react";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import type { MessageKey } from "../i18n/catalogue.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Plot } from "../plot/Plot.tsx";
import type { Range } from "../plot/range.ts";
import { type ChartName, chartsOf, gridOf, seriesOf, type Subject, sumsOf } from "./charts.ts";
import { useHistory } from "./useHistory.ts";
import "./history.css";

const titles: Record<ChartName, MessageKey> = { servers: "history.servers", sessions: "history.sessions", players: "history.players", joins: "history.joins" };

interface Props {
  subject: Subject;
  range: Range;
  onRange: (range: Range) => void;
  /** Unset: all that the subject has. */
  charts?: readonly ChartName[];
  height?: number;
}

/** What a fleet, a route or everything did over a stretch of time, drawn, and in numbers. */
export function HistoryCharts({ subject, range, onRange, charts = chartsOf(subject), height = 180 }: Props) {
  const { t, format } = useSpeech();
  const history = useHistory(subject, range);
  const { points, stepMs, problem } = history;
  const grid = useMemo(() => gridOf(points, stepMs), [points, stepMs]);
  const drawn = useMemo(() => charts.map((name) => ({ name, series: seriesOf(name, grid, stepMs, subject, t) })), [charts.join(), grid, stepMs, subject.route, t]);
  if (problem !== undefined && points.length === 0) {
    return (
      <div className="blank" role="alert">
        <strong>{t(isUnimplemented(problem) ? "app.older" : "history.failed", { problem: sentenceOf(problem) })}</strong>
        <button type="button" className="button" onClick={history.again}>{t("app.again")}</button>
      </div>
    );
  }
  const empty = history.answered && points.length === 0;
  return (
    <div className="history-charts" aria-busy={history.asking}>
      <Numbers points={points} loading={!history.answered && points.length === 0} servers={subject.route === undefined} />
      {drawn.map(({ name, series }) => (
        <Plot
          key={name}
          title={t(titles[name])}
          describe={series.map(({ label, values }) => t("history.describe", { label, last: said(values.findLast((one) => one !== null), format.measure), most: said(highest(values), format.measure) })).join(" ")}
          atMs={grid.atMs}
          series={series}
          range={range}
          group={`history ${subject.fleet ?? ""} ${subject.route ?? ""}`}
          height={height}
          onRange={onRange}
        >
          {empty && <p className="plot-note">{t("history.none")}</p>}
        </Plot>
      ))}
      <p className="note history-foot">
        {stepMs > 0 && <span>{t("history.step", { step: format.length(stepMs) })}</span>}
        <span>{t("events.zone", { zone: format.zone(range.toMs) })}</span>
        {problem !== undefined && <span className="warn">{t("history.failed", { problem: sentenceOf(problem) })}</span>}
      </p>
    </div>
  );
}

function said(value: number | null | undefined, write: (value: number) => string): string {
  return value == null ? "–" : write(value);
}

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((top, one) => (one !== null && (top === null || one > top) ? one : top), null);
}

function Numbers({ points, loading, servers }: { points: Parameters<typeof sumsOf>[0]; loading: boolean; servers: boolean }) {
  const { t, format } = useSpeech();
  const sums = useMemo(() => sumsOf(points), [points]);
  const cells = [
    { name: t("history.serverHours"), value: format.measure(sums.serverHours), note: sums.serverHours > 0 ? t("history.idle", { share: format.percent(sums.idleShare) }) : "", only: servers },
    { name: t("history.peak"), value: format.number(Math.round(sums.peakPlayers)), note: "", only: true },
    { name: t("history.joinsSum"), value: format.number(sums.joins), note: "", only: true },
    { name: t("history.waitsSum"), value: format.number(sums.waits), note: sums.waits > 0 ? t("history.longest", { time: format.wait(sums.longestWaitSeconds) }) : "", only: true },
    { name: t("history.refusalsSum"), value: format.number(sums.refusals), note: "", only: true },
  ];
  return (
    <dl className="figures">
      {cells.filter(({ only }) => only).map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{loading ? <span className="bones" /> : value}</dd>
          <dd className="note">{loading ? "" : note}</dd>
        </div>
      ))}
    </dl>
  );
}
