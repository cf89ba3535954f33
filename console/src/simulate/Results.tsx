import type { SimulateResult } from "@greenroom/client/gen/greenroom/v1/simulate_pb.ts";
import { useMemo } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { save } from "../parts/save.ts";
import { Plot } from "../plot/Plot.tsx";
import { csvOf, jsonOf, type PlotName, plotNames, plotsOf, ratio } from "./results.ts";

/** What came of each policy: a table, and its plots beside each other on one scale. */
export function Results({ results }: { results: readonly SimulateResult[] }) {
  const { t } = useSpeech();
  return (
    <section className="results">
      <header className="toolbar">
        <h2>{t("simulate.results")}</h2>
        <div className="toolbar-group">
          <button type="button" className="button" onClick={() => save("simulation.csv", csvOf(results), "text/csv")}>{t("simulate.saveCsv")}</button>
          <button type="button" className="button" onClick={() => save("simulation.json", jsonOf(results), "application/json")}>{t("simulate.saveJson")}</button>
        </div>
      </header>
      <p className="note">{t("simulate.results.hint")}</p>
      <ResultTable results={results} />
      {plotNames.map((name) => <Plots key={name} name={name} results={results} />)}
    </section>
  );
}

function ResultTable({ results }: { results: readonly SimulateResult[] }) {
  const { t, format } = useSpeech();
  const money = (value: number, { currency }: SimulateResult) => (currency === "" ? "–" : format.money(value, currency));
  const times = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(2));
  return (
    <div className="table-box" role="region" aria-label={t("simulate.results")} tabIndex={0}>
      <table className="table results-table">
        <thead>
          <tr>
            <th scope="col">{t("simulate.policy")}</th>
            <th scope="col" className="n">{t("simulate.serverHours")}</th>
            <th scope="col" className="n">{t("simulate.ratio")}</th>
            <th scope="col" className="n">{t("simulate.idle")}</th>
            <th scope="col" className="n">{t("simulate.waited")}</th>
            <th scope="col" className="n">{t("simulate.joinsFailed")}</th>
            <th scope="col" className="n">{t("simulate.p99")}</th>
            <th scope="col" className="n">{t("simulate.max")}</th>
            <th scope="col" className="n">{t("simulate.cost")}</th>
            <th scope="col" className="n">{t("simulate.perPlayerHour")}</th>
            <th scope="col" className="n">{t("simulate.moved")}</th>
          </tr>
        </thead>
        <tbody>
          {results.map((result) => (
            <tr key={result.policy} data-policy={result.policy} title={t("simulate.hash", { hash: result.hash })}>
              <th scope="row">{result.policy}</th>
              <td className="n"><b>{format.measure(result.serverHours)}</b></td>
              <td className="n"><b>{times(ratio(result))}</b></td>
              <td className="n">{format.percent(result.serverHours > 0 ? result.idleServerHours / result.serverHours : 0)}</td>
              <td className="n">{t("simulate.of", { n: Number(result.joinsWaited), all: Number(result.joins) })}</td>
              <td className={result.joinsFailed > 0n ? "n bad" : "n"}>{format.number(Number(result.joinsFailed))}</td>
              <td className="n">{format.wait(result.waitSecondsP99)}</td>
              <td className="n">{format.wait(result.waitSecondsMax)}</td>
              <td className="n">{money(result.cost, result)}</td>
              <td className="n">{money(result.costPerPlayerHour, result)}</td>
              <td className="n">{format.number(Number(result.sessionsMoved))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Plots({ name, results }: { name: PlotName; results: readonly SimulateResult[] }) {
  const { t, format } = useSpeech();
  const { top, plots } = useMemo(() => plotsOf(name, results, t), [name, results, t]);
  return (
    <div className="result-plots">
      <h3>{t(`simulate.plot.${name}`)}</h3>
      <div>
        {plots.map(({ policy, atMs, series }) => (
          <Plot
            key={policy}
            title={policy}
            describe={t("simulate.plot.describe", { policy, most: format.measure(Math.max(0, ...series[0]!.values.map((value) => value ?? 0))) })}
            atMs={atMs}
            series={series}
            range={{ fromMs: atMs[0] ?? 0, toMs: atMs[atMs.length - 1] ?? 1 }}
            group="simulation"
            height={150}
            top={top}
          />
        ))}
      </div>
    </div>
  );
}
