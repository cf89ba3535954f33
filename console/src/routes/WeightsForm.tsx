import { create } from "@bufbuild/protobuf";
import { type Route, RouteSchema } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { isConflict, sentenceOf, violationsOf } from "../api/errors.ts";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Conflict } from "../parts/Conflict.tsx";
import { WHOLE } from "../rollouts/scale.ts";
import { applyCommand, balanced, differences, type Draft, draftOf, placed, routeOf, sumOf } from "./weightsForm.ts";

interface Props {
  route: Route;
  /** Fleets that can be added. */
  fleets: readonly string[];
  onClose: () => void;
}

type Outcome = { is: "idle" | "busy" } | { is: "failed"; rows: ReadonlyMap<number, string>; sentence: string } | { is: "conflict"; mine: Route; theirs: Route };

/** A route's weights by hand. What somebody else changed meanwhile is shown beside one's own, and nothing is overwritten unasked. */
export function WeightsForm({ route, fleets, onClose }: Props) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const id = useId();
  // What the form began from: a change that comes by the watch meanwhile is told as a conflict.
  const [base, setBase] = useState(route);
  const [draft, setDraft] = useState<Draft>(() => draftOf(route));
  const [outcome, setOutcome] = useState<Outcome>({ is: "idle" });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus({ preventScroll: true }), []);
  const sum = sumOf(draft);
  const good = sum === WHOLE && draft.length > 0;
  const mine = routeOf(draft, base);
  const rows = outcome.is === "failed" ? outcome.rows : new Map<number, string>();
  const change = (next: Draft) => {
    setDraft(next);
    if (outcome.is !== "idle") setOutcome({ is: "idle" });
  };
  const set = (i: number, weight: string) => change(draft.map((row, at) => (at === i ? { ...row, weight } : row)));
  const apply = async (wanted: Route) => {
    setOutcome({ is: "busy" });
    try {
      await api.routes.applyRoute({ route: wanted });
      onClose();
    } catch (cause) {
      const theirs = isConflict(cause) ? await api.routes.getRoute({ name: wanted.name }).then((answer) => answer.route, () => undefined) : undefined;
      if (theirs !== undefined) return setOutcome({ is: "conflict", mine: wanted, theirs });
      const rows = placed(violationsOf(cause));
      setOutcome({ is: "failed", rows, sentence: rows.size === 0 ? sentenceOf(cause) : (rows.get(-1) ?? "") });
    }
  };
  const onSubmit = (submit: FormEvent) => {
    submit.preventDefault();
    if (good) void apply(mine);
  };
  const others = fleets.filter((name) => !draft.some(({ fleet }) => fleet === name));
  const share = (ppm: number) => format.ppm(ppm);
  return (
    <form
      className="weights-form"
      ref={form}
      onSubmit={onSubmit}
      noValidate
      onKeyDown={(key) => {
        if (key.key !== "Escape") return;
        key.preventDefault();
        onClose();
      }}
    >
      {outcome.is === "conflict" && (
        <Conflict
          title={t("conflict.title", { title: route.name })}
          explain={t("conflict.explain", { mine: String(outcome.mine.generation), theirs: String(outcome.theirs.generation) })}
          differ={differences(outcome.mine, outcome.theirs).map(({ fleet, mine, theirs }) => ({ field: fleet, mine: share(mine), theirs: share(theirs) }))}
          onMine={() => void apply(create(RouteSchema, { ...outcome.mine, generation: outcome.theirs.generation }))}
          onTheirs={() => {
            setBase(outcome.theirs);
            change(draftOf(outcome.theirs));
          }}
        />
      )}
      <ol>
        {draft.map(({ fleet, weight }, i) => (
          <li key={fleet}>
            <label htmlFor={`${id}-${i}`}>{fleet}</label>
            <span className="with-unit">
              <input id={`${id}-${i}`} className="field" value={weight} inputMode="decimal" spellCheck={false} aria-invalid={rows.has(i)} onChange={(event) => set(i, event.target.value)} />
              <span aria-hidden="true">%</span>
            </span>
            <button type="button" className="button plain" disabled={sum === undefined || sum === WHOLE || balanced(draft, i) === draft} onClick={() => change(balanced(draft, i))}>{t("weights.rest")}</button>
            <button type="button" className="button plain icon" disabled={draft.length === 1} aria-label={t("weights.drop", { fleet })} title={t("weights.drop", { fleet })} onClick={() => change(draft.filter((_, at) => at !== i))}>×</button>
            {rows.has(i) && <p className="form-note bad" role="alert">{rows.get(i)}</p>}
          </li>
        ))}
      </ol>
      {others.length > 0 && (
        <select className="field" value="" aria-label={t("weights.add")} onChange={(event) => change([...draft, { fleet: event.target.value, weight: "0" }])}>
          <option value="">{t("weights.add")}</option>
          {others.map((fleet) => <option key={fleet}>{fleet}</option>)}
        </select>
      )}
      <p className={good ? "form-note" : "form-note bad"} role="status">
        {sum === undefined ? t("weights.bad") : sum === WHOLE ? t("weights.whole") : t(sum < WHOLE ? "weights.missing" : "weights.over", { sum: share(sum), by: share(Math.abs(WHOLE - sum)) })}
      </p>
      {route.status?.rollout !== undefined && route.status.rollout !== "" && <p className="note">{t("weights.rollout", { rollout: route.status.rollout })}</p>}
      {outcome.is === "failed" && outcome.sentence !== "" && <p className="problem" role="alert">{t("rollout.failed", { problem: outcome.sentence })}</p>}
      <div className="confirm-buttons">
        <button type="submit" className="button main" disabled={!good || outcome.is === "busy"}>{outcome.is === "busy" ? t("event.saving") : t("weights.save")}</button>
        <button type="button" className="button" onClick={onClose}>{t("event.drop")}</button>
      </div>
      {good && <Command line={applyCommand(mine)} label={t("cli.same")} />}
    </form>
  );
}
