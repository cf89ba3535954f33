import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback } from "react";
import { useHouse } from "../app/context.tsx";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import type { Preset, Range } from "../plot/range.ts";
import { RangeBar } from "../plot/RangeBar.tsx";
import type { Subject } from "./charts.ts";
import { HistoryCharts } from "./HistoryCharts.tsx";
import { useRange } from "./useHistory.ts";

/** Whose history is shown, and when; in the address, so that Back undoes a zoom and a link shows the same. */
export interface HistoryShown extends Subject {
  span?: Preset;
  /** Milliseconds; chosen by hand, in place of `span`. */
  from?: number;
  to?: number;
}

const here = getRouteApi("/history");

/** What did the fleets do? */
export function HistoryPage() {
  const { t } = useSpeech();
  const { fleet, route, span, from, to } = here.useSearch();
  const navigate = here.useNavigate();
  const chosen = from === undefined || to === undefined ? undefined : { fromMs: from, toMs: to };
  const range = useRange(span ?? "1h", chosen);
  const go = useCallback((search: HistoryShown) => void navigate({ search, resetScroll: false }), [navigate]);
  const subject: Subject = { fleet, route };
  const onRange = useCallback((next: Range) => go({ fleet, route, from: Math.round(next.fromMs), to: Math.round(next.toMs) }), [go, fleet, route]);
  return (
    <main className="page page-stack" id="content">
      <div className="page-head">
        <p className="note">{t("history.question")}</p>
        <h1>{fleet ?? route ?? t("history.all")}</h1>
      </div>
      <div className="toolbar">
        <SubjectSelect subject={subject} onSubject={(next) => go({ ...next, span, from, to })} />
        <RangeBar preset={chosen === undefined ? (span ?? "1h") : undefined} range={range} onPreset={(next) => go({ fleet, route, span: next })} onRange={onRange} />
      </div>
      <HistoryCharts subject={subject} range={range} onRange={onRange} />
      <Command line={historyCommand(subject, chosen ?? span ?? "1h")} label={t("cli.same")} />
    </main>
  );
}

/** The command that prints what the page draws. */
export function historyCommand({ fleet, route }: Subject, stretch: Preset | Range): string {
  const of = fleet !== undefined ? ` --fleet ${fleet}` : route !== undefined ? ` --route ${route}` : "";
  const moment = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  const span = typeof stretch === "string" ? `--since ${stretch}` : `--since ${moment(stretch.fromMs)} --until ${moment(stretch.toMs)}`;
  return `greenroom history${of} ${span}`;
}

function SubjectSelect({ subject, onSubject }: { subject: Subject; onSubject: (subject: Subject) => void }) {
  const { t } = useSpeech();
  const { api } = useHouse();
  const fleets = useQuery({ queryKey: ["fleets"], queryFn: ({ signal }) => api.fleets.listFleets({}, { signal }) }).data?.fleets ?? [];
  const routes = useQuery({ queryKey: ["routes"], queryFn: ({ signal }) => api.routes.listRoutes({}, { signal }) }).data?.routes ?? [];
  const named = (list: readonly { name: string }[], also: string | undefined) => [...new Set([...list.map(({ name }) => name), ...(also === undefined ? [] : [also])])].sort();
  const value = subject.fleet !== undefined ? `fleet/${subject.fleet}` : subject.route !== undefined ? `route/${subject.route}` : "";
  return (
    <label className="labelled">
      <span>{t("history.of")}</span>
      <select
        className="field"
        value={value}
        onChange={(event) => {
          const [kind, name] = event.target.value.split("/");
          onSubject(kind === "fleet" ? { fleet: name } : kind === "route" ? { route: name } : {});
        }}
      >
        <option value="">{t("history.all")}</option>
        <optgroup label={t("fleet.title")}>
          {named(fleets, subject.fleet).map((name) => <option key={name} value={`fleet/${name}`}>{name}</option>)}
        </optgroup>
        <optgroup label={t("route.title")}>
          {named(routes, subject.route).map((name) => <option key={name} value={`route/${name}`}>{name}</option>)}
        </optgroup>
      </select>
    </label>
  );
}
