import { useSpeech } from "../i18n/language.tsx";
import { useNow } from "../parts/Time.tsx";
import { nextOf, type Shown } from "./phase.ts";

interface Props {
  shown: readonly Shown[];
  loading: boolean;
  trouble: { refused: boolean; problem: string } | undefined;
}

/** The answer to the page's question, in sentences. */
export function Summary({ shown, loading, trouble }: Props) {
  const { t, format } = useSpeech();
  const now = useNow();
  const next = nextOf(shown);
  const status = next?.event.status;
  const head = () => {
    if (trouble !== undefined) return trouble.refused ? t("events.refused") : t("events.unreachable", { problem: trouble.problem });
    if (loading) return t("events.loading");
    if (next === undefined) return t(shown.length === 0 ? "events.none" : "events.over");
    return next.phase === "open" ? t("events.open", { title: next.title, when: format.clock(next.toMs, now) }) : t("events.next", { title: next.title, when: format.relative(next.fromMs, now) });
  };
  return (
    <div className="verdict">
      <p className="note">{t("events.question")}</p>
      <h1 className={trouble !== undefined ? "trouble" : loading ? "waits" : ""}>{head()}</h1>
      <p className="verdict-more">
        {!loading && next !== undefined && (
          <>
            <span>{t("events.players", { n: next.event.spec?.attendance ?? 0 })}</span>
            {status?.summary ? <span>{status.summary}</span> : (status?.slotsWanted ?? 0) > 0 && <span>{t("events.stands", { standing: status!.slotsStanding, n: status!.slotsWanted })}</span>}
          </>
        )}
      </p>
    </div>
  );
}
