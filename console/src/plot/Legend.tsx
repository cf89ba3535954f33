import { useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import type { Series } from "./series.ts";

/** No more moments than this are written as a table. */
const ROWS_MAX = 300;

/** What each line is, and its value at a place, or the newest. */
export function Legend({ series, place }: { series: readonly Series[]; place: number | undefined }) {
  const { format } = useSpeech();
  return (
    <ul className="plot-legend">
      {series.map(({ key, label, look, tone, values }) => {
        const value = place === undefined ? values.findLast((one) => one !== null) : values[place];
        return (
          <li key={key}>
            <i className={look} style={{ color: `var(--${tone})` }} aria-hidden="true" />
            {label} <b>{value == null ? "–" : format.measure(value)}</b>
          </li>
        );
      })}
    </ul>
  );
}

/** The same numbers to read. They are written when they are asked for. */
export function Table({ title, atMs, series, write }: { title: string; atMs: readonly number[]; series: readonly Series[]; write: (atMs: number) => string }) {
  const { t, format } = useSpeech();
  const [open, setOpen] = useState(false);
  const every = Math.max(1, Math.ceil(atMs.length / ROWS_MAX));
  const places = open ? atMs.map((_, i) => i).filter((i) => i % every === 0) : [];
  return (
    <details className="plot-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("plot.table")}</summary>
      {open && (
        <div className="table-box" tabIndex={0}>
          <table className="table">
            <caption className="hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{t("plot.time")}</th>
                {series.map(({ key, label }) => <th scope="col" className="n" key={key}>{label}</th>)}
              </tr>
            </thead>
            <tbody>
              {places.map((i) => (
                <tr key={atMs[i]}>
                  <th scope="row">{write(atMs[i]!)}</th>
                  {series.map(({ key, values }) => <td className="n" key={key}>{values[i] == null ? "–" : format.measure(values[i])}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
