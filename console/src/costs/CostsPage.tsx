import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { isUnimplemented, sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Segments } from "../parts/Segments.tsx";
import { useNow } from "../parts/Time.tsx";
import { type Preset, presets } from "../plot/range.ts";
import { type Grouping, groupings, priceSnippet, type Row, rowsOf, totalsOf } from "./costs.ts";
import "./costs.css";

/** How long a time is added up, and what fleets are put together by. */
export interface CostsShown {
  span?: CostSpan;
  by?: Grouping;
}

export const costSpans = ["24h", "7d", "30d"] as const satisfies readonly Preset[];
export type CostSpan = (typeof costSpans)[number];

/** Costs move slowly: they are asked for again this often. */
const REFRESH_MS = 60_000;

const here = getRouteApi("/costs");

/** What does it cost? */
export function CostsPage() {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const { span = "24h", by = "fleet" } = here.useSearch();
  const navigate = here.useNavigate();
  const go = (search: CostsShown) => void navigate({ search: (old) => ({ ...old, ...search }), resetScroll: false });
  const until = Math.ceil(useNow() / REFRESH_MS) * REFRESH_MS;
  const costs = useQuery({
    queryKey: ["costs", span, until],
    queryFn: ({ signal }) => api.history.getCosts({ since: timestampFromMs(until - presets[span]), until: timestampFromMs(until) }, { signal }),
    placeholderData: keepPreviousData,
  });
  const fleets = useQuery({ queryKey: ["fleets"], queryFn: ({ signal }) => api.fleets.listFleets({}, { signal }) });
  const all = costs.data?.fleets ?? [];
  const rows = rowsOf(all, fleets.data?.fleets ?? [], by);
  const unpriced = all.filter(({ currency }) => currency === "").map(({ fleet }) => fleet);
  return (
    <main className="page page-stack" id="content">
      <div className="page-head">
        <p className="note">{t("costs.question")}</p>
        <h1>{costs.isPending ? t("costs.loading") : <Answer rows={rows} />}</h1>
      </div>
      <div className="toolbar">
        <Segments label={t("costs.by")} value={by} options={groupings.map((value) => ({ value, text: t(`group.${value}`) }))} onChange={(next) => go({ by: next })} />
        <Segments label={t("plot.span")} value={span} options={costSpans.map((value) => ({ value, text: t(`span.${value}`) }))} onChange={(next) => go({ span: next })} />
      </div>
      {costs.isPending && <div className="bones costs-bones" aria-hidden="true" />}
      {costs.isError && (
        <div className="blank" role="alert">
          <strong>{t(isUnimplemented(costs.error) ? "app.older" : "costs.failed", { problem: sentenceOf(costs.error) })}</strong>
          <button type="button" className="button" onClick={() => void costs.refetch()}>{t("app.again")}</button>
        </div>
      )}
      {costs.isSuccess && rows.length === 0 && (
        <div className="blank">
          <strong>{t("costs.none")}</strong>
          <p>{t("costs.none.hint")}</p>
        </div>
      )}
      {rows.length > 0 && <Costs rows={rows} by={by} />}
      {unpriced.length > 0 && <Unpriced fleets={unpriced} />}
      <Command line={lines.costs(span)} label={t("cli.same")} />
      <p className="note">{t("costs.explain")} {t("events.zone", { zone: format.zone(until) })}</p>
    </main>
  );
}

function Answer({ rows }: { rows: readonly Row[] }) {
  const { t, format } = useSpeech();
  const totals = totalsOf(rows);
  const hours = rows.reduce((sum, row) => sum + row.serverHours, 0);
  if (totals.length === 0) return <>{t("costs.hours", { hours: format.measure(hours) })}</>;
  return <>{totals.map(({ currency, cost, idleCost }) => t("costs.total", { cost: format.money(cost, currency), idle: format.money(idleCost, currency) })).join(" ")}</>;
}

function Costs({ rows, by }: { rows: readonly Row[]; by: Grouping }) {
  const { t, format } = useSpeech();
  const money = (value: number | undefined, { currency }: Row) => (currency === "" || value === undefined ? "–" : format.money(value, currency));
  const most = Math.max(...rows.map(({ serverHours }) => serverHours));
  const nameOf = (row: Row) => (row.name === "" ? t("costs.unknown") : row.name);
  return (
    <div className="table-box" role="region" aria-label={t("costs.table")} tabIndex={0}>
      <table className="table costs">
        <thead>
          <tr>
            <th scope="col">{t(`group.${by}`)}</th>
            <th scope="col" className="wide">{t("costs.serverHours")}</th>
            <th scope="col" className="n">{t("costs.idle")}</th>
            <th scope="col" className="n">{t("costs.playerHours")}</th>
            <th scope="col" className="n">{t("costs.cost")}</th>
            <th scope="col" className="n">{t("costs.idleCost")}</th>
            <th scope="col" className="n">{t("costs.perPlayerHour")}</th>
            <th scope="col" className="n">{t("costs.compared")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.name} ${row.currency}`}>
              <th scope="row">
                {nameOf(row)}
                <span className="note">{by === "fleet" ? row.kind : row.fleets.join(", ")}</span>
              </th>
              <td className="wide">
                <span className="hours">
                  <b>{format.measure(row.serverHours)}</b>
                  <span className="hours-bar" aria-hidden="true">
                    <i className="used" style={{ width: `${((row.serverHours - row.idleHours) / most) * 100}%` }} />
                    <i className="idle" style={{ width: `${(row.idleHours / most) * 100}%` }} />
                  </span>
                </span>
              </td>
              <td className="n">{format.measure(row.idleHours)} <span className="note">{format.percent(row.serverHours > 0 ? row.idleHours / row.serverHours : 0)}</span></td>
              <td className="n">{format.measure(row.playerHours)}</td>
              <td className="n"><b>{money(row.cost, row)}</b></td>
              <td className="n">{money(row.idleCost, row)}</td>
              <td className="n">{money(row.perPlayerHour, row)}</td>
              <td className="n">{row.above === undefined ? "–" : row.above < 0.005 ? t("costs.cheapest") : t("costs.above", { share: format.percent(row.above) })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How to make the costs of fleets known that have no price. */
function Unpriced({ fleets }: { fleets: readonly string[] }) {
  const { t } = useSpeech();
  const [fleet, setFleet] = useState(fleets[0]!);
  const shown = fleets.includes(fleet) ? fleet : fleets[0]!;
  return (
    <section className="unpriced">
      <h2>{t("costs.unpriced", { n: fleets.length, fleets: fleets.join(", ") })}</h2>
      <p>{t("costs.unpriced.hint")}</p>
      {fleets.length > 1 && <Segments label={t("group.fleet")} value={shown} options={fleets.slice(0, 8).map((value) => ({ value, text: value }))} onChange={setFleet} />}
      <pre className="snippet"><code>{priceSnippet(shown)}</code></pre>
      <Command line={lines.apply("fleets.yaml")} />
    </section>
  );
}
