import type { Event } from "@greenroom/client/gen/greenroom/v1/event_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type InputHTMLAttributes, useEffect, useMemo, useRef, useState } from "react";
import { useHouse } from "../app/context.tsx";
import type { Format } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import type { Translate } from "../i18n/translate.ts";
import { Command } from "../parts/Command.tsx";
import { Field } from "../parts/Field.tsx";
import { Panel } from "../parts/Panel.tsx";
import { readSpan, writeSpan } from "../parts/span.ts";
import { useNow } from "../parts/Time.tsx";
import { ConflictBox, labels } from "./ConflictBox.tsx";
import { fromLocal, toLocal } from "./days.ts";
import { applyCommand, check, createCommand, type Draft, draftOf, eventOf, type Field as FieldName, nameFor, newDraft } from "./form.ts";
import { useApply } from "./useApply.ts";

interface Props {
  /** The event to change; undefined for a new one. */
  before: Event | undefined;
  /** When a new one's doors open. */
  doorsMs: number;
  onClose: () => void;
  onSaved: (event: Event) => void;
}

/** Makes an event, or changes one. */
export function EventForm({ before, doorsMs, onClose, onSaved }: Props) {
  const { t } = useSpeech();
  return (
    <Panel kind={t("event.kind")} title={before === undefined ? t("event.new") : t("event.editing", { name: before.name })} onClose={onClose}>
      <Fields before={before} doorsMs={doorsMs} onClose={onClose} onSaved={onSaved} />
    </Panel>
  );
}

function Fields({ before, doorsMs, onClose, onSaved }: Props) {
  const { t, format } = useSpeech();
  const routes = useRoutes();
  // What the form began from: a change that comes by the watch meanwhile is told as a conflict, not taken over silently.
  const [base, setBase] = useState(before);
  const [draft, setDraft] = useState<Draft>(() => (before === undefined ? newDraft(doorsMs, "") : draftOf(before)));
  const [tried, setTried] = useState<ReadonlySet<FieldName> | "all">(new Set());
  const { outcome, apply, reset } = useApply(onSaved);
  const now = useNow();
  const filled = { ...draft, route: draft.route || (routes[0] ?? ""), name: draft.name || nameFor(draft.title, fromLocal(draft.doors)?.atMs ?? doorsMs) };
  const problems = check(filled, now, base);
  const good = Object.keys(problems).length === 0;
  const event = useMemo(() => (good ? eventOf(filled, base) : undefined), [JSON.stringify(filled), good, base]);

  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const problemOf = (field: FieldName) => {
    const problem = tried === "all" || tried.has(field) ? problems[field] : undefined;
    return problem === undefined ? undefined : t(problem);
  };
  const touch = (field: FieldName) => setTried(tried === "all" ? "all" : new Set([...tried, field]));
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // After the panel, which takes the focus when it opens.
    const frame = requestAnimationFrame(() => form.current?.querySelector("input")?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
  }, []);
  const onSubmit = (submit: FormEvent) => {
    submit.preventDefault();
    setTried("all");
    if (event !== undefined) void apply(event);
    else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const input = (field: FieldName, more: InputHTMLAttributes<HTMLInputElement> & { hint?: string }) => {
    const { hint, ...rest } = more;
    return (
      <Field label={t(labels[field])} hint={hint ?? ""} problem={problemOf(field)}>
        {(control) => <input className="field" {...control} value={draft[field]} spellCheck={false} autoComplete="off" onChange={(change) => set({ [field]: change.target.value })} onBlur={() => touch(field)} {...rest} />}
      </Field>
    );
  };

  return (
    <form className="form" ref={form} onSubmit={onSubmit} noValidate>
      {outcome.is === "conflict" && (
        <ConflictBox
          mine={outcome.mine}
          theirs={outcome.theirs}
          onMine={(mine) => void apply(mine)}
          onTheirs={() => {
            if (outcome.theirs === undefined) return onClose();
            setBase(outcome.theirs);
            setDraft(draftOf(outcome.theirs));
            reset();
          }}
        />
      )}
      {input("title", { maxLength: 200 })}
      {before === undefined && input("name", { placeholder: filled.name, hint: t("event.name.hint") })}
      <Field label={t("event.route")} problem={problemOf("route") ?? (routes.length === 0 ? t("event.noRoutes") : undefined)}>
        {(control) => (
          <select className="field" {...control} value={filled.route} onChange={(change) => set({ route: change.target.value })}>
            {[...new Set([...routes, ...(filled.route === "" ? [] : [filled.route])])].map((route) => <option key={route}>{route}</option>)}
          </select>
        )}
      </Field>
      {input("doors", { type: "datetime-local", hint: readingHint(draft.doors, t, format), onChange: (change) => set(keepLength(draft, change.target.value)) })}
      <div className="form-pair">
        {input("ends", { type: "datetime-local", hint: readingHint(draft.ends, t, format) })}
        <Lasts draft={draft} onEnds={(ends) => set({ ends })} />
      </div>
      <div className="form-pair">
        {input("attendance", { inputMode: "numeric" })}
        {input("perSession", { inputMode: "numeric", placeholder: t("event.fleetSeats") })}
      </div>
      <div className="form-pair">
        {input("lead", { placeholder: t("event.leadAuto"), hint: t("event.span.hint") })}
        {input("ramp", { placeholder: t("event.rampNone"), hint: t("event.span.hint") })}
      </div>
      {outcome.is === "failed" && <p className="problem" role="alert">{t("event.failed", { problem: outcome.problem })}</p>}
      <div className="confirm-buttons">
        <button type="submit" className="button main" disabled={outcome.is === "busy"}>
          {outcome.is === "busy" ? t("event.saving") : t(before === undefined ? "event.save" : "event.saveEdit")}
        </button>
        <button type="button" className="button" onClick={onClose}>{t("event.drop")}</button>
      </div>
      {event !== undefined && <Command line={before === undefined ? createCommand(event) : applyCommand(event)} label={t("cli.same")} />}
    </form>
  );
}

/** How long it lasts: another way to say when it ends. */
function Lasts({ draft, onEnds }: { draft: Draft; onEnds: (ends: string) => void }) {
  const { t } = useSpeech();
  const doors = fromLocal(draft.doors)?.atMs;
  const ends = fromLocal(draft.ends)?.atMs;
  const length = doors === undefined || ends === undefined || ends <= doors ? "" : writeSpan(ends - doors);
  const [typed, setTyped] = useState<string>();
  const span = typed === undefined ? undefined : readSpan(typed);
  return (
    <Field label={t("event.lasts")} hint={t("event.span.hint")} problem={typed !== undefined && !span ? t("event.bad.span") : undefined}>
      {(control) => (
        <input
          className="field"
          {...control}
          value={typed ?? length}
          onBlur={() => setTyped(undefined)}
          onChange={(change) => {
            setTyped(change.target.value);
            const ms = readSpan(change.target.value);
            if (ms && doors !== undefined) onEnds(toLocal(doors + ms));
          }}
        />
      )}
    </Field>
  );
}

/** Doors that move take the end with them. */
function keepLength(draft: Draft, doors: string): Partial<Draft> {
  const [from, to, next] = [draft.doors, draft.ends, doors].map((text) => fromLocal(text)?.atMs);
  if (from === undefined || to === undefined || next === undefined || to <= from) return { doors };
  return { doors, ends: toLocal(next + (to - from)) };
}

function readingHint(text: string, t: Translate, format: Format): string {
  const reading = fromLocal(text);
  if (reading === undefined || reading.note === "") return "";
  return reading.note === "twice" ? t("event.time.twice") : t("event.time.skipped", { time: format.time(reading.atMs) });
}

function useRoutes(): readonly string[] {
  const { api } = useHouse();
  const query = useQuery({ queryKey: ["routes"], queryFn: ({ signal }) => api.routes.listRoutes({}, { signal }) });
  const names = query.data?.routes.map(({ name }) => name).sort() ?? [];
  const [known, setKnown] = useState<readonly string[]>([]);
  useEffect(() => {
    if (names.join() !== known.join()) setKnown(names);
  });
  return known;
}
