import { useSpeech } from "../i18n/language.tsx";
import { type Totals, verdictOf } from "./totals.ts";

/** The answer to the page's question, in sentences. */
export function VerdictLine({ totals, loading }: { totals: Totals; loading: boolean }) {
  const { t, language } = useSpeech();
  const verdict = verdictOf(totals);
  const gap = language === "ja" ? "" : " ";
  const head = loading
    ? t("verdict.loading")
    : verdict === "waiting"
      ? t("verdict.notAll") + gap + t("verdict.waiting", { n: totals.waiting })
      : verdict === "playing"
        ? t("verdict.playing", { n: totals.players })
        : verdict === "empty"
          ? t("verdict.empty")
          : t("verdict.closed");
  const more: { text: string; tone: string }[] = [];
  if (!loading) {
    if (verdict === "playing") more.push({ text: t("verdict.nobodyWaits"), tone: "" });
    if (totals.open === 0) more.push({ text: t("verdict.noOpen"), tone: "warn" });
    if (totals.unhealthy > 0) more.push({ text: t("verdict.unhealthy", { n: totals.unhealthy }), tone: "bad" });
    if (totals.draining > 0) more.push({ text: t("verdict.draining", { n: totals.draining }), tone: "warn" });
  }
  return (
    <div className="verdict">
      <p className="note">{t("verdict.question")}</p>
      <h1 className={loading ? "waits" : verdict}>{head}</h1>
      <p className="verdict-more">
        {more.map(({ text, tone }) => <span key={text} className={tone}>{text}</span>)}
      </p>
    </div>
  );
}
