import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { type Leaving, phaseKey, spent } from "./leaving.ts";
import "../routes/routes.css";
import "./drains.css";

/** How far a drain is, between its start and its deadline, what is left, and why. */
export function DrainProgress({ leaving }: { leaving: Leaving }) {
  const { t, format } = useSpeech();
  const now = useNow();
  const { deadlineMs, handOverMs, sessions, players, phase, reason } = leaving;
  const key = phaseKey(phase);
  return (
    <div className="drain-progress">
      <p>
        <b>{t("server.drainPhase", { phase: key === undefined ? phase : t(key) })}</b>
        <span>{sessions > 0 ? ` · ${t("drain.sessions", { n: sessions })}, ${t("drain.players", { n: players })}` : ""}</span>
      </p>
      {reason !== "" && <p className="drain-reason">{reason}</p>}
      <div className="meter"><i style={{ width: `${spent(leaving, now) * 100}%` }} /></div>
      <p className="note">
        {handOverMs !== undefined && handOverMs > now && <span>{t("server.drainHandOver", { time: format.clock(handOverMs, now, true) })} · </span>}
        {deadlineMs !== undefined && t("server.drainDeadline", { time: format.clock(deadlineMs, now) })}
        {deadlineMs !== undefined && deadlineMs > now && ` · ${t("drain.leftTime", { span: format.length(deadlineMs - now) })}`}
      </p>
    </div>
  );
}
