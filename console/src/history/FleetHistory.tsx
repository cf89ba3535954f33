import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { Segments } from "../parts/Segments.tsx";
import { type Preset, presetNames, type Range } from "../plot/range.ts";
import { HistoryCharts } from "./HistoryCharts.tsx";
import { useRange } from "./useHistory.ts";

const charts = ["servers", "sessions", "players"] as const;

/** A fleet's history in its panel. */
export function FleetHistory({ fleet }: { fleet: string }) {
  const { t } = useSpeech();
  const [preset, setPreset] = useState<Preset>("1h");
  const [chosen, setChosen] = useState<Range>();
  const range = useRange(preset, chosen);
  return (
    <section className="fleet-history">
      <h3>{t("history.title")}</h3>
      <div className="toolbar">
        <Segments
          label={t("plot.span")}
          value={chosen === undefined ? preset : undefined}
          options={presetNames.map((value) => ({ value, text: t(`span.${value}`) }))}
          onChange={(next) => {
            setPreset(next);
            setChosen(undefined);
          }}
        />
      </div>
      <HistoryCharts subject={{ fleet }} range={range} onRange={setChosen} charts={charts} height={120} />
      <Link to="/history" search={chosen === undefined ? { fleet, span: preset } : { fleet, from: Math.round(range.fromMs), to: Math.round(range.toMs) }} className="plain-link">{t("history.more")}</Link>
    </section>
  );
}
