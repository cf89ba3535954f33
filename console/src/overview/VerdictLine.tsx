import { useSpeech } from "../i18n/language.tsx";
import { type Totals, verdictOf } from "./totals.ts";

/** Why there is no answer at all. */
export interface Trouble {
  refused: boolean;
  problem: string;
}

interface Props {
  totals: Totals;
  loading: boolean;
  /** The numbers are what was last known. */
  stale: boolean;
  trouble: Trouble | undefined;
}

/** The answer to the page's question, in sentences. */
export function VerdictLine({ totals, loading, stale, trouble }: Props) {
  const { t, language } = useSpeech();
  const verdict = verdictOf(totals);
  const gap = language === "ja" ? "" : " ";
  const answers = {
    waiting: () => t("verdict.notAll") + gap + t("verdict.waiting", { n: totals.waiting }),
    playing: () => t("verdict.playing", { n: totals.players }),
    empty: () => t("verdict.empty"),
    closed: () => t("verdict.closed"),
  };
  const head = trouble !== undefined ? t(trouble.refused ? "verdict.refused" : "verdict.unreachable") : loading ? t("verdict.loading") : answers[verdict]();
  const more: { text: string; tone: string }[] = [];
  if (trouble !== undefined) {
    more.push({ text: trouble.refused ? trouble.problem : t("verdict.again", { problem: trouble.problem }), tone: "" });
  } else if (stale) {
    more.push({ text: t("link.reconnecting.hint"), tone: "warn" });
  } else if (!loading) {
    if (verdict === "playing") more.push({ text: t("verdict.nobodyWaits"), tone: "" });
    if (totals.open === 0) more.push({ text: t("verdict.noOpen"), tone: "warn" });
    if (totals.unhealthy > 0) more.push({ text: t("verdict.unhealthy", { n: totals.unhealthy }), tone: "bad" });
    if (totals.draining > 0) more.push({ text: t("verdict.draining", { n: totals.draining }), tone: "warn" });
  }
  return (
    <div className="verdict">
      <p className="note">{t(stale ? "verdict.lastKnown" : "verdict.question")}</p>
      <h1 className={trouble !== undefined ? "trouble" : loading || stale ? "waits" : verdict}>{head}</h1>
      <p className="verdict-more">
        {more.map(({ text, tone }) => <span key={text} className={tone}>{text}</span>)}
      </p>
    </div>
  );
}
