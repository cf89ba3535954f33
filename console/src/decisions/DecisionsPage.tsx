import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useHouse } from "../app/context.tsx";
import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { DecisionLog } from "./DecisionLog.tsx";

/** Whose decisions are shown, and which. */
export interface DecisionsShown {
  fleet?: string;
  verb?: string;
}

const here = getRouteApi("/decisions");

/** What happened, and why? */
export function DecisionsPage() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const { fleet = "", verb } = here.useSearch();
  const navigate = here.useNavigate();
  const go = (search: DecisionsShown) => void navigate({ search, resetScroll: false });
  const fleets = useQuery({ queryKey: ["fleets"], queryFn: ({ signal }) => api.fleets.listFleets({}, { signal }) }).data?.fleets ?? [];
  const names = [...new Set([...fleets.map(({ name }) => name), ...(fleet === "" ? [] : [fleet])])].sort();
  return (
    <main className="page page-stack" id="content">
      <div className="page-head">
        <p className="note">{t("decisions.question")}</p>
        <h1>{fleet === "" ? t("history.all") : fleet}</h1>
      </div>
      <DecisionLog key={fleet} fleet={fleet} verb={verb} onVerb={(next) => go({ fleet: fleet || undefined, verb: next })}>
        <label className="labelled">
          <span>{t("history.of")}</span>
          <select className="field" value={fleet} onChange={(event) => go({ fleet: event.target.value || undefined, verb })}>
            <option value="">{t("history.all")}</option>
            {names.map((name) => <option key={name}>{name}</option>)}
          </select>
        </label>
      </DecisionLog>
      <Command line={lines.decisions(fleet)} label={t("cli.same")} />
    </main>
  );
}
