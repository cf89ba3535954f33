import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { useMemo, useSyncExternalStore } from "react";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { Plot } from "../plot/Plot.tsx";
import type { Series } from "../plot/series.ts";
import { writeValue } from "./Gates.tsx";
import { changesOf, gridOf, KEPT_MS, type Look, memoryKey } from "./record.ts";
import { measureOf, type Measure } from "./rollout.ts";

/** The plots show at least this much time, so that the first values do not rush by. */
const SHOWN_MS_MIN = 120_000;

/** Both fleets side by side, gate by gate, over the last hour as far as this page saw it. */
export function Comparison({ rollout }: { rollout: Rollout }) {
  const { t } = useSpeech();
  const { gates } = useHouse();
  const key = memoryKey(rollout);
  const looks = useSyncExternalStore(gates.subscribe, () => gates.looks(key));
  const now = useNow();
  const first = Math.min(...[...looks.values()].map((one) => one[0]?.atMs ?? now));
  const range = { fromMs: Math.max(now - KEPT_MS, Math.min(Number.isFinite(first) ? first : now, now - SHOWN_MS_MIN)), toMs: now };
  if (looks.size === 0) return <p className="blank">{t("compare.none")}</p>;
  return (
    <>
      <div className="compare">
        {[...looks].map(([name, values]) => (
          <GatePlot key={name} rollout={rollout} name={name} looks={values} measure={measureOf(rollout.spec?.gates ?? [], { name })} range={range} group={key} />
        ))}
      </div>
      <p className="note">{t("compare.kept")}</p>
    </>
  );
}

interface Props {
  rollout: Rollout;
  name: string;
  looks: readonly Look[];
  measure: Measure | undefined;
  range: { fromMs: number; toMs: number };
  group: string;
}

function GatePlot({ rollout, name, looks, measure, range, group }: Props) {
  const { t, format } = useSpeech();
  const to = rollout.spec?.to ?? "";
  const from = rollout.status?.from ?? "";
  const scale = measure === "joinLatency" ? 1_000 : measure === "connectErrors" || measure === "reconnects" ? 100 : 1;
  const grid = useMemo(() => gridOf(looks), [looks]);
  const series = useMemo<Series[]>(() => {
    const scaled = (values: readonly (number | null)[]) => values.map((value) => (value === null ? null : value * scale));
    return [
      { key: "from", label: from, look: "dashed", tone: "ink-2", values: scaled(grid.from) },
      { key: "to", label: to, look: "line", tone: "accent", values: scaled(grid.to) },
    ];
  }, [grid, from, to, scale]);
  const marks = useMemo(() => changesOf(looks).map(({ atMs, weightPpm }) => ({ atMs, label: format.ppm(weightPpm) })), [looks, format]);
  const last = looks.at(-1);
  const plain = measure === undefined || measure === "prometheus";
  return (
    <Plot
      title={plain ? name : t(`compare.${measure}`)}
      describe={t("compare.describe", { to, from, toValue: writeValue(last?.to ?? Number.NaN, measure, format), fromValue: writeValue(last?.from ?? Number.NaN, measure, format) })}
      atMs={grid.atMs}
      series={series}
      range={range}
      group={`rollout ${group}`}
      height={150}
      marks={marks}
    />
  );
}
