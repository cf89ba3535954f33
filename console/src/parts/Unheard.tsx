import { useSpeech } from "../i18n/language.tsx";
import type { WatchState } from "../watch/reducer.ts";

/** Why a page has nothing to show: Greenroom does not answer, may not be asked, or is older than the page. Nothing while all is well. */
export function Unheard({ watch }: { watch: Pick<WatchState<unknown>, "phase" | "problem" | "items"> }) {
  const { t } = useSpeech();
  if (watch.phase === "reconnecting") return <p className="note">{t("link.reconnecting.hint")}</p>;
  if (watch.phase === "live" || watch.problem === "") return null;
  return (
    <div className="blank" role="alert">
      <strong>{t(watch.phase === "refused" ? "verdict.refused" : "verdict.unreachable")}</strong>
      <p>{watch.phase === "refused" ? watch.problem : t("verdict.again", { problem: watch.problem })}</p>
    </div>
  );
}
