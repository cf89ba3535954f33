import { useSpeech } from "../i18n/language.tsx";
import { Field } from "../parts/Field.tsx";
import { type Draft, type FormMeasure, type GateDraft, measures, type QueryDraft } from "./form.ts";

/** What Greenroom takes where nothing is typed. */
const defaults: Record<FormMeasure, { bound: string; compared: string }> = {
  connectErrors: { bound: "–", compared: "1" }, joinLatency: { bound: "–", compared: "2" }, reconnects: { bound: "–", compared: "1" }, crashes: { bound: "0", compared: "" },
};
const units: Record<FormMeasure, { bound: string; compared: string }> = {
  connectErrors: { bound: "%", compared: "%" }, joinLatency: { bound: "", compared: "×" }, reconnects: { bound: "%", compared: "%" }, crashes: { bound: "", compared: "" },
};

interface Props {
  draft: Draft;
  problemOf: (field: string) => string | undefined;
  onDraft: (change: Partial<Draft>) => void;
}

/** What must hold before the next step: the four that Greenroom measures itself, and any query. */
export function GateFields({ draft, problemOf, onDraft }: Props) {
  const { t } = useSpeech();
  const setGate = (measure: FormMeasure, change: Partial<GateDraft>) => onDraft({ gates: { ...draft.gates, [measure]: { ...draft.gates[measure], ...change } } });
  const setQuery = (i: number, change: Partial<QueryDraft>) => onDraft({ queries: draft.queries.map((query, at) => (at === i ? { ...query, ...change } : query)) });
  const add = () => onDraft({ queries: [...draft.queries, { name: "", url: draft.queries.at(-1)?.url ?? "http://prometheus:9090", query: "", max: "", min: "", ratio: "" }] });
  return (
    <fieldset className="gate-fields">
      <legend>{t("gates.title")}</legend>
      <div className="gate-row head" aria-hidden="true">
        <span />
        <span>{t("rollout.atMost")}</span>
        <span>{t("rollout.atMostMore")}</span>
      </div>
      {measures.map((measure) => {
        const gate = draft.gates[measure];
        const problem = problemOf(`gates.${measure}.bound`) ?? problemOf(`gates.${measure}.compared`);
        const field = (part: "bound" | "compared", label: string) => (
          <span className="with-unit">
            <input className="field" value={gate[part]} placeholder={defaults[measure][part]} disabled={!gate.on} inputMode="decimal" spellCheck={false} aria-label={`${t(`measure.${measure}`)}: ${label}`} aria-invalid={problemOf(`gates.${measure}.${part}`) !== undefined} onChange={(change) => setGate(measure, { [part]: change.target.value })} />
            <span aria-hidden="true">{units[measure][part]}</span>
          </span>
        );
        return (
          <div key={measure} className="gate-row">
            <label className="gate-on">
              <input type="checkbox" checked={gate.on} onChange={(change) => setGate(measure, { on: change.target.checked })} />
              <span>{t(`measure.${measure}`)}</span>
            </label>
            {field("bound", t("rollout.atMost"))}
            {measure === "crashes" ? <span /> : field("compared", t("rollout.atMostMore"))}
            {problem !== undefined && <p className="form-note bad" role="alert">{problem}</p>}
          </div>
        );
      })}
      {draft.queries.map((query, i) => (
        <div key={i} className="query">
          <header>
            <b>{t("rollout.query")}</b>
            <button type="button" className="button plain" onClick={() => onDraft({ queries: draft.queries.filter((_, at) => at !== i) })}>{t("rollout.queryDrop")}</button>
          </header>
          <div className="form-pair">
            <Field label={t("rollout.queryName")} problem={problemOf(`queries.${i}.name`)}>
              {(control) => <input className="field" {...control} value={query.name} placeholder="prometheus" spellCheck={false} onChange={(change) => setQuery(i, { name: change.target.value })} />}
            </Field>
            <Field label={t("rollout.queryUrl")} problem={problemOf(`queries.${i}.url`)}>
              {(control) => <input className="field" {...control} value={query.url} spellCheck={false} onChange={(change) => setQuery(i, { url: change.target.value })} />}
            </Field>
          </div>
          <Field label={t("rollout.queryText")} hint={t("rollout.query.hint")} problem={problemOf(`queries.${i}.query`)}>
            {(control) => <textarea className="field" rows={2} {...control} value={query.query} spellCheck={false} onChange={(change) => setQuery(i, { query: change.target.value })} />}
          </Field>
          <div className="form-three">
            {(["max", "min", "ratio"] as const).map((part) => (
              <Field key={part} label={t(`query.${part}`)} problem={problemOf(`queries.${i}.${part}`)}>
                {(control) => <input className="field" {...control} value={query[part]} inputMode="decimal" spellCheck={false} onChange={(change) => setQuery(i, { [part]: change.target.value })} />}
              </Field>
            ))}
          </div>
        </div>
      ))}
      {problemOf("gates") !== undefined && <p className="form-note bad" role="alert">{problemOf("gates")}</p>}
      <button type="button" className="button" disabled={draft.queries.length >= 20} onClick={add}>{t("rollout.queryAdd")}</button>
    </fieldset>
  );
}
