import { useEffect, useRef, useState } from "react";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { check, commandOf, lineProblems, newSetup, requestOf, type Setup } from "./form.ts";
import { Results } from "./Results.tsx";
import { idle, run, type Run } from "./run.ts";
import { SetupForm } from "./SetupForm.tsx";
import "../routes/routes.css";
import "./simulate.css";

/** What if? */
export function SimulatePage() {
  const { t } = useSpeech();
  const mayOperate = useMayOperate();
  const [setup, setSetup] = useState<Setup>(newSetup);
  const [tried, setTried] = useState(false);
  const { state, start, stop } = useRun();
  const problems = check(setup);
  const good = Object.keys(problems).length === 0;
  // What was said about a manifest is about that one.
  const [refused, setRefused] = useState("");
  const manifestProblems = state.is === "failed" && setup.fleets === "edited" && refused === setup.manifest ? lineProblems(state.problem, setup.manifest.split("\n").length) : [];
  const aboutManifest = manifestProblems.some(({ line }) => line > 0);
  const onRun = () => {
    setTried(true);
    if (!good) return;
    setRefused(setup.manifest);
    start(setup);
  };
  return (
    <main className="page page-stack" id="content">
      <div className="page-head">
        <p className="note">{t("simulate.question")}</p>
        <h1>{t("simulate.title")}</h1>
        <p className="simulate-explain">{t("simulate.explain")}</p>
      </div>
      <SetupForm setup={setup} problems={tried ? problems : {}} manifestProblems={aboutManifest ? manifestProblems : []} onChange={(change) => setSetup((old) => ({ ...old, ...change }))} />
      {mayOperate ? (
        <div className="run">
          {state.is === "running" ? (
            <button type="button" className="button" onClick={stop}>{t("simulate.stop")}</button>
          ) : (
            <button type="button" className="button main" onClick={onRun}>{t("simulate.run")}</button>
          )}
          <Progress state={state} />
        </div>
      ) : (
        <p className="note">{t("simulate.noPermission")}</p>
      )}
      {state.is === "failed" && !aboutManifest && <p className="problem pre" role="alert">{t("simulate.failed", { problem: state.problem })}</p>}
      {state.results.length > 0 && <Results results={state.results} />}
      {good && <Command line={commandOf(setup)} label={t("cli.same")} />}
    </main>
  );
}

function Progress({ state }: { state: Run }) {
  const { t, format } = useSpeech();
  const { is, progress, results } = state;
  if (is === "idle" || is === "failed") return <span role="status" />;
  const said = {
    running: () => t("simulate.running", { share: format.percent(progress) }),
    done: () => t("simulate.done", { n: results.length }),
    stopped: () => t(results.length > 0 ? "simulate.stopped" : "simulate.stoppedNone"),
  }[is]();
  return (
    <div className="run-progress">
      <div className="meter" role="progressbar" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(progress * 100)} aria-label={t("simulate.running", { share: format.percent(progress) })}>
        <i style={{ width: `${progress * 100}%` }} />
      </div>
      <span role="status" className="note">{is === "running" ? "" : said}</span>
      {is === "running" && <span className="note">{said}</span>}
    </div>
  );
}

/** One simulation at a time; leaving the page stops it. */
function useRun() {
  const { api } = useHouse();
  const [state, setState] = useState<Run>(idle);
  const stopper = useRef<AbortController>(undefined);
  useEffect(() => () => stopper.current?.abort(), []);
  return {
    state,
    start: (setup: Setup) => {
      stopper.current?.abort();
      const own = new AbortController();
      stopper.current = own;
      void run(api.simulate, requestOf(setup, Date.now()), own.signal, (next) => stopper.current === own && setState(next));
    },
    stop: () => stopper.current?.abort(),
  };
}
