import { useSpeech } from "../i18n/language.tsx";
import type { Totals } from "./totals.ts";

/** The house in six numbers. */
export function Numbers({ totals, loading }: { totals: Totals; loading: boolean }) {
  const { t, format } = useSpeech();
  const share = totals.openSeats === 0 ? 0 : totals.openSeatsTaken / totals.openSeats;
  const cells = [
    { name: t("number.players"), value: totals.players, note: totals.reserved > 0 ? t("number.reserved", { n: totals.reserved }) : "" },
    { name: t("number.sessions"), value: totals.sessions, note: t("number.slots", { n: totals.freeSlots }) },
    { name: t("number.seats"), value: format.percent(share), note: t("number.seats.of", { n: totals.openSeats }) },
    { name: t("number.open"), value: totals.open, note: "" },
    { name: t("number.ready"), value: totals.ready, note: "" },
    { name: t("number.waiting"), value: totals.waiting, note: "", tone: totals.waiting > 0 ? "warn" : "" },
  ];
  return (
    <dl className="numbers">
      {cells.map(({ name, value, note, tone }) => (
        <div key={name} className={tone}>
          <dt>{name}</dt>
          <dd>{loading ? <span className="bones" /> : typeof value === "number" ? format.number(value) : value}</dd>
          <dd className="note">{loading ? "" : note}</dd>
        </div>
      ))}
    </dl>
  );
}
