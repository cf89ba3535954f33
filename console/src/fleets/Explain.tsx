import { useQuery } from "@tanstack/react-query";
import { useHouse } from "../app/context.tsx";
import { isNotFound, sentenceOf } from "../api/errors.ts";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Ago } from "../parts/Time.tsx";
import { Answers } from "./Answers.tsx";

/** The keeper plans every second or so, and has no stream of its plans: while one looks, it is asked again this often. */
export const ASK_AGAIN_MS = 2_000;

/** The keeper's last plan for a fleet: what it saw, what it does and why, what it holds back. `server` marks its own lines. */
export function Explain({ fleet, server }: { fleet: string; server?: string }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const plan = useQuery({
    queryKey: ["explain", fleet],
    queryFn: ({ signal }) => api.fleets.explainFleet({ name: fleet }, { signal }),
    refetchInterval: ASK_AGAIN_MS,
  });
  const said = plan.data;
  return (
    <section className="explain">
      <h3>
        {t("fleet.explain.title")}
        {said?.plannedAt !== undefined && <span className="note"> · <Ago at={said.plannedAt} /></span>}
      </h3>
      {plan.isPending && <p className="note">{t("explain.loading")}</p>}
      {plan.isError && (
        isNotFound(plan.error) ? <p className="note">{t("explain.none")}</p> : <p className="problem">{t("explain.failed", { problem: sentenceOf(plan.error) })}</p>
      )}
      {said !== undefined && (
        <dl className="reasons">
          {said.facts.length > 0 && (
            <>
              <dt>{t("explain.facts")}</dt>
              {said.facts.map((fact) => <dd key={fact}>{fact}</dd>)}
            </>
          )}
          <dt>{t("explain.actions")}</dt>
          {said.actions.length === 0 && <dd className="note">{t("explain.actions.none")}</dd>}
          {said.actions.map((action, i) => (
            <dd key={i} className={action.server !== "" && action.server === server ? "own" : ""}>
              <b>{action.verb}</b> {action.server !== "" && <code>{action.server}</code>}
              <span className="why">{action.reason}</span>
              {action.result !== "" && action.result !== "ok" && <span className="problem">{action.result}</span>}
            </dd>
          ))}
          {said.holds.length > 0 && (
            <>
              <dt>{t("explain.holds")}</dt>
              {said.holds.map((hold) => <dd key={hold}>{hold}</dd>)}
            </>
          )}
        </dl>
      )}
      {said !== undefined && said.answers.length > 0 && (
        <>
          <h3>{t("answers.title")}</h3>
          <Answers answers={said.answers} />
        </>
      )}
      <Command line={lines.explain(fleet)} label={t("cli.same")} />
    </section>
  );
}
