import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Window } from "@greenroom/client/gen/greenroom/v1/scaling_pb.ts";
import { useQuery } from "@tanstack/react-query";
import { useHouse } from "../app/context.tsx";
import { spanMillis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ASK_AGAIN_MS } from "./Explain.tsx";

/** Whether sessions are merged onto fewer servers, under what conditions, and what the keeper last said of it. */
export function Consolidation({ fleet }: { fleet: Fleet }) {
  const { t, format } = useSpeech();
  const { api } = useHouse();
  const plan = useQuery({ queryKey: ["explain", fleet.name], queryFn: ({ signal }) => api.fleets.explainFleet({ name: fleet.name }, { signal }), refetchInterval: ASK_AGAIN_MS });
  const set = fleet.spec?.scaling?.consolidation;
  const said = [...(plan.data?.holds ?? []), ...(plan.data?.actions ?? []).map(({ server, reason }) => (server === "" ? reason : `${server}: ${reason}`))].filter((one) => /consolidat/i.test(one));
  const windows = (list: readonly Window[]) => list.map(({ cron, duration, timeZone }) => t("consolidation.window", { cron, span: format.length(spanMillis(duration)), zone: timeZone || "UTC" }));
  const own = windows(set?.windows ?? []);
  const shared = windows(fleet.spec?.scaling?.scaleInWindows ?? []);
  return (
    <section className="fleet-set" aria-labelledby="consolidation">
      <h2 id="consolidation">{t("consolidation.title")}</h2>
      {set === undefined ? (
        <p className="note">{t("consolidation.off")}</p>
      ) : (
        <>
          <dl className="facts">
            <dt>{t("consolidation.below")}</dt>
            <dd>{format.percent(set.below || 0.7)}</dd>
            <dt>{t("consolidation.after")}</dt>
            <dd>{format.length(spanMillis(set.after) || 120_000)}</dd>
            <dt>{t("consolidation.pace")}</dt>
            <dd>{t("consolidation.perMinute", { n: set.maxMovesPerMinute || 60 })}</dd>
            <dt>{t("consolidation.stay")}</dt>
            <dd>{format.length(spanMillis(set.minStay) || 300_000)}</dd>
            <dt>{t("consolidation.when")}</dt>
            <dd>{own.length === 0 && shared.length === 0 ? t("consolidation.always") : [...own, ...shared].map((one) => <span key={one} className="line">{one}</span>)}</dd>
          </dl>
          {said.length === 0 ? <p className="note">{t("consolidation.silent")}</p> : <ul className="said">{said.map((one) => <li key={one}>{one}</li>)}</ul>}
        </>
      )}
    </section>
  );
}
