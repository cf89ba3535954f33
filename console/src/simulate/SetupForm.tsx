import { useState } from "react";
import { sentenceOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Field } from "../parts/Field.tsx";
import { save } from "../parts/save.ts";
import { Segments } from "../parts/Segments.tsx";
import { generators, type LineProblem, manifestNow, type Problems, type Setup } from "./form.ts";
import { Manifest } from "./Manifest.tsx";
import { Policies } from "./Policies.tsx";

interface Props {
  setup: Setup;
  problems: Problems;
  manifestProblems: readonly LineProblem[];
  onChange: (change: Partial<Setup>) => void;
}

/** What is simulated: the demand, the fleets, the policies, and how servers start. */
export function SetupForm({ setup, problems, manifestProblems, onChange }: Props) {
  const { t } = useSpeech();
  const problem = (of: keyof Problems) => (problems[of] === undefined ? undefined : t(problems[of]));
  const input = (field: "boot" | "jitter" | "failures" | "seed", label: string, hint: string) => (
    <Field label={label} hint={hint} problem={problem(field)}>
      {(control) => <input className="field" {...control} value={setup[field]} spellCheck={false} autoComplete="off" onChange={(event) => onChange({ [field]: event.target.value })} />}
    </Field>
  );
  return (
    <div className="setup">
      <fieldset>
        <legend>{t("simulate.demand")}</legend>
        <Segments label={t("simulate.demand")} value={setup.demand} options={(["generated", "recorded", "file"] as const).map((value) => ({ value, text: t(`simulate.demand.${value}`) }))} onChange={(demand) => onChange({ demand })} />
        {setup.demand === "generated" && (
          <div className="form-pair">
            <Field label={t("simulate.generator")}>
              {(control) => (
                <select className="field" {...control} value={setup.generator} onChange={(event) => onChange({ generator: generators.find((one) => one === event.target.value) ?? setup.generator })}>
                  {generators.map((one) => <option key={one} value={one}>{t(`generator.${one}`)}</option>)}
                </select>
              )}
            </Field>
            {input("seed", t("simulate.seed"), t("simulate.seed.hint"))}
          </div>
        )}
        {setup.demand === "recorded" && (
          <Segments label={t("simulate.recorded")} value={setup.recorded} options={(["day", "week"] as const).map((value) => ({ value, text: t(`simulate.recorded.${value}`) }))} onChange={(recorded) => onChange({ recorded })} />
        )}
        {setup.demand === "file" && <TraceFile setup={setup} problem={problem("file")} onChange={onChange} />}
      </fieldset>
      <fieldset>
        <legend>{t("simulate.fleets")}</legend>
        <Fleets setup={setup} problem={problem("manifest")} manifestProblems={manifestProblems} onChange={onChange} />
      </fieldset>
      <fieldset>
        <legend>{t("simulate.policies")}</legend>
        <Policies policies={setup.policies} problem={problem("policies")} onChange={(policies) => onChange({ policies })} />
      </fieldset>
      <fieldset>
        <legend>{t("simulate.servers.section")}</legend>
        <div className="form-three">
          {input("boot", t("simulate.boot"), t("event.span.hint"))}
          {input("jitter", t("simulate.jitter"), "")}
          {input("failures", t("simulate.failures"), "")}
        </div>
      </fieldset>
    </div>
  );
}

function TraceFile({ setup, problem, onChange }: { setup: Setup; problem: string | undefined; onChange: Props["onChange"] }) {
  const { t } = useSpeech();
  const read = async (file: File | undefined) => {
    if (file !== undefined) onChange({ file: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } });
  };
  const hint = setup.file === undefined ? t("simulate.file.hint") : t("simulate.file.size", { name: setup.file.name, size: Math.ceil(setup.file.bytes.length / 1_000) });
  return (
    <Field label={t("simulate.file")} hint={hint} problem={problem}>
      {(control) => <input className="field file" type="file" accept=".csv,text/csv" {...control} onChange={(event) => void read(event.target.files?.[0])} />}
    </Field>
  );
}

function Fleets({ setup, problem, manifestProblems, onChange }: { setup: Setup; problem: string | undefined; manifestProblems: readonly LineProblem[]; onChange: Props["onChange"] }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const [failed, setFailed] = useState("");
  const present = async (then: (manifest: string) => void) => {
    try {
      const [{ fleets }, { routes }] = await Promise.all([api.fleets.listFleets({}), api.routes.listRoutes({})]);
      setFailed("");
      then(manifestNow(fleets, routes));
    } catch (cause) {
      setFailed(sentenceOf(cause));
    }
  };
  const fill = () => void present((manifest) => onChange({ manifest }));
  const edited = setup.fleets === "edited";
  return (
    <>
      <div className="toolbar-group">
        <Segments
          label={t("simulate.fleets")}
          value={setup.fleets}
          options={(["present", "edited"] as const).map((value) => ({ value, text: t(`simulate.fleets.${value}`) }))}
          onChange={(fleets) => {
            onChange({ fleets });
            if (fleets === "edited" && setup.manifest === "") fill();
          }}
        />
        {edited && <button type="button" className="button" onClick={fill}>{t("simulate.manifest.fill")}</button>}
        <button type="button" className="button" onClick={() => (edited ? save("fleets.yaml", setup.manifest, "application/yaml") : void present((manifest) => save("fleets.yaml", manifest, "application/yaml")))}>{t("simulate.manifest.save")}</button>
      </div>
      {!edited && <p className="form-note">{t("simulate.fleets.hint")}</p>}
      {failed !== "" && <p className="problem" role="alert">{failed}</p>}
      {edited && <Manifest value={setup.manifest} problems={manifestProblems} onChange={(manifest) => onChange({ manifest })} />}
      {problem !== undefined && <p className="form-note bad" role="alert">{problem}</p>}
    </>
  );
}
