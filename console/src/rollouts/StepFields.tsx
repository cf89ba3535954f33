import { useId } from "react";
import { useSpeech } from "../i18n/language.tsx";
import type { Draft } from "./form.ts";
import { readPercent, WHOLE, writePercent } from "./scale.ts";

interface Props {
  steps: Draft["steps"];
  problemOf: (field: string) => string | undefined;
  onSteps: (steps: Draft["steps"]) => void;
}

/** The steps of a rollout: a share and how long it is held, one below the other. */
export function StepFields({ steps, problemOf, onSteps }: Props) {
  const { t } = useSpeech();
  const id = useId();
  const set = (i: number, change: Partial<Draft["steps"][number]>) => onSteps(steps.map((step, at) => (at === i ? { ...step, ...change } : step)));
  const add = () => {
    const last = readPercent(steps.at(-1)?.weight ?? "") ?? 10;
    onSteps([...steps, { weight: writePercent(Math.min(WHOLE, Math.max(100, last * 2))), hold: steps.at(-1)?.hold ?? "10m" }]);
  };
  return (
    <fieldset className="steps" aria-describedby={`${id}-all`}>
      <legend>{t("rollout.steps")}</legend>
      <ol>
        {steps.map(({ weight, hold }, i) => {
          const problem = problemOf(`steps.${i}.weight`) ?? problemOf(`steps.${i}.hold`);
          return (
            <li key={i}>
              <span className="step-n" aria-hidden="true">{i + 1}</span>
              <span className="with-unit">
                <input className="field" value={weight} inputMode="decimal" spellCheck={false} aria-label={t("rollout.stepShare", { n: i + 1 })} aria-invalid={problemOf(`steps.${i}.weight`) !== undefined} aria-describedby={`${id}-${i}`} onChange={(change) => set(i, { weight: change.target.value })} />
                <span aria-hidden="true">%</span>
              </span>
              <label className="step-hold">
                <span className="note">{t("rollout.held")}</span>
                <input className="field" value={hold} spellCheck={false} aria-label={t("rollout.stepHold", { n: i + 1 })} aria-invalid={problemOf(`steps.${i}.hold`) !== undefined} aria-describedby={`${id}-${i}`} onChange={(change) => set(i, { hold: change.target.value })} />
              </label>
              <button type="button" className="button plain icon" aria-label={t("rollout.stepDrop", { n: i + 1 })} title={t("rollout.stepDrop", { n: i + 1 })} onClick={() => onSteps(steps.filter((_, at) => at !== i))}>×</button>
              {problem !== undefined && <p className="form-note bad" id={`${id}-${i}`} role="alert">{problem}</p>}
            </li>
          );
        })}
      </ol>
      <p className={problemOf("steps") === undefined ? "form-note" : "form-note bad"} id={`${id}-all`}>{problemOf("steps") ?? t("rollout.steps.hint")}</p>
      <button type="button" className="button" disabled={steps.length >= 64} onClick={add}>{t("rollout.stepAdd")}</button>
    </fieldset>
  );
}
