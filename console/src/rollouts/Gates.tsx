import type { GateStatus, Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { Format } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { measureOf, type Measure, verdictOf } from "./rollout.ts";

const signs = { pass: "M3.5 8.5l3 3 6-6.5", wait: "M8 4.2V8l2.6 1.8", fail: "M4.2 4.2l7.6 7.6m0-7.6-7.6 7.6" } as const;

/** What each gate says: its verdict, why, and the values of both fleets over the same window. */
export function Gates({ rollout }: { rollout: Rollout }) {
  const { t } = useSpeech();
  const { spec, status } = rollout;
  const gates = status?.gates ?? [];
  if (gates.length === 0) return <p className="blank">{t("gates.none")}</p>;
  return (
    <div className="table-box">
      <table className="table gates">
        <thead>
          <tr>
            <th scope="col">{t("gates.gate")}</th>
            <th scope="col" className="n">{spec?.to}</th>
            <th scope="col" className="n">{status?.from}</th>
            <th scope="col">{t("gates.says")}</th>
          </tr>
        </thead>
        <tbody>
          {gates.map((gate) => <Row key={gate.name} gate={gate} to={spec?.to ?? ""} from={status?.from ?? ""} measure={measureOf(spec?.gates ?? [], gate)} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row({ gate, to, from, measure }: { gate: GateStatus; to: string; from: string; measure: Measure | undefined }) {
  const { t, format } = useSpeech();
  const verdict = verdictOf(gate);
  const value = (fleet: string, value: number, samples: bigint) => (
    <td className="n" data-fleet={fleet}>
      <b>{writeValue(value, measure, format)}</b>
      <span className="note">{t("gates.samples", { n: Number(samples) })}</span>
    </td>
  );
  return (
    <tr className={`gate ${verdict}`} data-gate={gate.name} data-verdict={verdict}>
      <th scope="row">
        <VerdictSign verdict={verdict} />
        <span>
          {measure === undefined || measure === "prometheus" ? gate.name : t(`measure.${measure}`)}
          <span className="gate-verdict">{t(`verdict.gate.${verdict}`)}</span>
        </span>
      </th>
      {value(to, gate.toValue, gate.toSamples)}
      {value(from, gate.fromValue, gate.fromSamples)}
      <td className="gate-says">{gate.sentence}</td>
    </tr>
  );
}

/** Passes, waits, fails: a tick, a clock, a cross. */
export function VerdictSign({ verdict }: { verdict: "pass" | "wait" | "fail" }) {
  const { t } = useSpeech();
  return (
    <svg className={`verdict-sign ${verdict}`} width="18" height="18" viewBox="0 0 16 16" role="img" aria-label={t(`verdict.gate.${verdict}`)}>
      {verdict === "wait" && <circle cx="8" cy="8" r="6" />}
      <path d={signs[verdict]} />
    </svg>
  );
}

/** A gate's value in its unit: a share, a time, a count, or any number. */
export function writeValue(value: number, measure: Measure | undefined, format: Pick<Format, "number" | "measure" | "ppm">): string {
  if (!Number.isFinite(value)) return "–";
  switch (measure) {
    case "connectErrors":
    case "reconnects":
      return format.ppm(Math.round(value * 10_000) * 100);
    case "joinLatency":
      return `${format.measure(value * 1_000)} ms`;
    case "crashes":
      return format.number(value);
    default:
      return format.measure(value);
  }
}
