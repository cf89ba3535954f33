import type { PolicyAnswer } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import { useSpeech } from "../i18n/language.tsx";
import type { Translate } from "../i18n/translate.ts";
import { asksOf, kindKey, numbersOf } from "./answers.ts";
import "../decisions/decisions.css";

/** What each policy, buffer and event asked for, the numbers it saw, and which of them count. */
export function Answers({ answers }: { answers: readonly PolicyAnswer[] }) {
  const { t, format } = useSpeech();
  return (
    <ul className="answers" aria-label={t("answers.title")}>
      {answers.map((answer) => {
        const kind = kindKey(answer);
        const said = kind === undefined ? answer.kind : t(kind);
        const numbers = numbersOf(answer);
        return (
          <li key={`${answer.kind} ${answer.name}`} className={`answer ${answer.decides ? "decides" : ""} ${answer.holds !== "" ? "held" : ""}`} data-policy={answer.name}>
            <header>
              <b>{answer.name}</b>
              {said !== answer.name && <span className="note">{said}</span>}
              {answer.decides && <span className="badge">{t("answers.decides")}</span>}
            </header>
            <p className="answer-asks">{asks(answer, t)}</p>
            {answer.reason !== "" && <p className="answer-why">{answer.reason}</p>}
            {answer.holds !== "" && <p className="answer-holds">{t("answers.holds", { why: answer.holds })}</p>}
            {numbers.length > 0 && (
              <dl className="answer-numbers">
                {numbers.map(([name, value]) => (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd>{format.measure(value)}</dd>
                  </div>
                ))}
              </dl>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function asks(answer: PolicyAnswer, t: Translate): string {
  const parts = asksOf(answer).map(({ what, n }) => t(what, { n }));
  return parts.length === 0 ? t("answers.nothing") : parts.join(t("answers.and"));
}
