import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type InputHTMLAttributes, useEffect, useRef, useState } from "react";
import { sentenceOf, violationsOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Field } from "../parts/Field.tsx";
import { Panel } from "../parts/Panel.tsx";
import { Segments } from "../parts/Segments.tsx";
import { applyCommand, check, type Draft, nameFor, newDraft, placed, type Problems, rolloutOf } from "./form.ts";
import { GateFields } from "./GateFields.tsx";
import { StepFields } from "./StepFields.tsx";

interface Props {
  /** The route that is chosen at first; empty: the first one. */
  route: string;
  taken: ReadonlySet<string>;
  onClose: () => void;
  onBegun: (rollout: Rollout) => void;
}

/** Begins a rollout. Greenroom is asked first whether it would take it; what it complains of stands at its field. */
export function RolloutForm({ route, taken, onClose, onBegun }: Props) {
  const { t } = useSpeech();
  return (
    <Panel kind={t("rollout.kind")} title={t("rollout.new")} onClose={onClose}>
      <Fields route={route} taken={taken} onClose={onClose} onBegun={onBegun} />
    </Panel>
  );
}

type Asked = { is: "idle" | "busy" | "good" } | { is: "refused"; problems: Problems; sentence: string };

function Fields({ route, taken, onClose, onBegun }: Props) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const routes = useQuery({ queryKey: ["routes"], queryFn: ({ signal }) => api.routes.listRoutes({}, { signal }) }).data?.routes ?? [];
  const fleets = useQuery({ queryKey: ["fleets"], queryFn: ({ signal }) => api.fleets.listFleets({}, { signal }) }).data?.fleets ?? [];
  const [draft, setDraft] = useState<Draft>(() => newDraft(route, ""));
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState<Asked>({ is: "idle" });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const frame = requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("select, input")?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
  }, []);

  const chosenRoute = draft.route || (routes[0]?.name ?? "");
  const shares = routes.find(({ name }) => name === chosenRoute)?.spec?.fleets ?? [];
  const largest = [...shares].sort((a, b) => b.weightPpm - a.weightPpm)[0]?.fleet ?? "";
  const names = fleets.map(({ name }) => name).sort();
  const chosenTo = draft.to || (names.find((name) => name !== (draft.from || largest)) ?? "");
  const filled: Draft = { ...draft, route: chosenRoute, to: chosenTo, name: draft.name || (chosenRoute !== "" && chosenTo !== "" ? nameFor(chosenRoute, chosenTo, taken) : "") };
  const own = check(filled);
  const good = Object.keys(own).length === 0;
  const rollout = good ? rolloutOf(filled) : undefined;
  const problems: Problems = { ...(asked.is === "refused" ? asked.problems : {}), ...(tried ? own : {}) };
  const problemOf = (field: string) => {
    const problem = problems[field];
    return problem === undefined ? undefined : problem.key === undefined ? problem.sentence : t(problem.key);
  };
  const set = (change: Partial<Draft>) => {
    setDraft({ ...draft, ...change });
    if (asked.is !== "idle") setAsked({ is: "idle" });
  };
  const ask = async (dryRun: boolean) => {
    setTried(true);
    if (rollout === undefined) return focusBad();
    setAsked({ is: "busy" });
    try {
      const answer = await api.rollouts.applyRollout({ rollout, dryRun });
      setAsked({ is: "good" });
      if (!dryRun) onBegun(answer.rollout ?? rollout);
    } catch (cause) {
      const problems = placed(violationsOf(cause), filled);
      setAsked({ is: "refused", problems, sentence: Object.keys(problems).length === 0 ? sentenceOf(cause) : (problems[""]?.sentence ?? "") });
      focusBad();
    }
  };
  const focusBad = () => void requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  const onSubmit = (submit: FormEvent) => {
    submit.preventDefault();
    void ask(false);
  };
  const input = (field: "name" | "window" | "samples" | "patience", label: string, more: InputHTMLAttributes<HTMLInputElement> & { hint?: string } = {}) => {
    const { hint, ...rest } = more;
    return (
      <Field label={label} hint={hint ?? ""} problem={problemOf(field)}>
        {(control) => <input className="field" {...control} value={draft[field]} spellCheck={false} autoComplete="off" onChange={(change) => set({ [field]: change.target.value })} {...rest} />}
      </Field>
    );
  };
  const select = (field: "route" | "to" | "from", label: string, value: string, options: readonly { value: string; text: string }[], hint = "") => (
    <Field label={label} hint={hint} problem={problemOf(field)}>
      {(control) => (
        <select className="field" {...control} value={value} onChange={(change) => set({ [field]: change.target.value })}>
          {options.map(({ value, text }) => <option key={value} value={value}>{text}</option>)}
        </select>
      )}
    </Field>
  );
  const plain = (list: readonly string[]) => list.map((value) => ({ value, text: value }));

  return (
    <form className="form rollout-form" ref={form} onSubmit={onSubmit} noValidate>
      {select("route", t("route.one"), chosenRoute, plain(routes.map(({ name }) => name)))}
      <div className="form-pair">
        {select("to", t("rollout.to"), chosenTo, plain(names), t("rollout.to.hint"))}
        {select("from", t("rollout.from"), draft.from, [{ value: "", text: t("rollout.fromLargest", { fleet: largest || "–" }) }, ...plain(shares.map(({ fleet }) => fleet))], t("rollout.from.hint"))}
      </div>
      {input("name", t("rollout.name"), { placeholder: filled.name, hint: t("event.name.hint") })}
      <StepFields steps={draft.steps} problemOf={problemOf} onSteps={(steps) => set({ steps })} />
      <GateFields draft={draft} problemOf={problemOf} onDraft={set} />
      <div className="form-pair">
        {input("window", t("rollout.window"), { placeholder: t("rollout.windowStep"), hint: t("event.span.hint") })}
        {input("samples", t("rollout.samples"), { placeholder: "20", inputMode: "numeric" })}
      </div>
      <div className="form-field">
        <span className="form-label">{t("rollout.onFailure")}</span>
        <Segments label={t("rollout.onFailure")} value={draft.pause ? "pause" : "rollback"} options={[{ value: "rollback", text: t("rollout.failRollback") }, { value: "pause", text: t("rollout.failPause") }]} onChange={(value) => set({ pause: value === "pause" })} />
      </div>
      <div className="form-field">
        <span className="form-label">{t("rollback.sessions")}</span>
        <Segments label={t("rollback.sessions")} value={draft.drain ? "drain" : "stay"} options={[{ value: "stay", text: t("rollback.stay") }, { value: "drain", text: t("rollback.drain") }]} onChange={(value) => set({ drain: value === "drain" })} />
      </div>
      {input("patience", t("rollout.patience"), { placeholder: t("rollout.patienceEver"), hint: t("rollout.patience.hint") })}
      {asked.is === "refused" && asked.sentence !== "" && <p className="problem" role="alert">{t("rollout.refused", { problem: asked.sentence })}</p>}
      <p className="note form-said" role="status">{asked.is === "good" ? t("rollout.good") : asked.is === "busy" ? t("drain.busy") : ""}</p>
      <div className="confirm-buttons">
        <button type="submit" className="button main" disabled={asked.is === "busy"}>{t("rollout.begin")}</button>
        <button type="button" className="button" disabled={asked.is === "busy"} onClick={() => void ask(true)}>{t("rollout.check")}</button>
        <button type="button" className="button plain" onClick={onClose}>{t("event.drop")}</button>
      </div>
      {rollout !== undefined && <Command line={applyCommand(rollout)} label={t("cli.same")} />}
    </form>
  );
}
