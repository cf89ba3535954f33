import type { Fleet } from "@greenroom/client/gen/greenroom/v1/fleet_pb.ts";
import type { Rollout } from "@greenroom/client/gen/greenroom/v1/rollout_pb.ts";
import type { Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useHouse, useMayOperate } from "../app/context.tsx";
import { LinkState } from "../app/LinkState.tsx";
import { lines } from "../cli/lines.ts";
import { spanMillis } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import { Unheard } from "../parts/Unheard.tsx";
import { RolloutCard } from "../rollouts/RolloutCard.tsx";
import { RollbackBox } from "../rollouts/RollbackBox.tsx";
import { isUnderWay, lastOf, phaseOf } from "../rollouts/rollout.ts";
import { useRollouts } from "../rollouts/useRollouts.ts";
import { useWatch } from "../watch/useWatch.ts";
import { Regions } from "./Regions.tsx";
import { Weights } from "./Weights.tsx";
import { sharesOf } from "./weights.ts";
import { WeightsForm } from "./WeightsForm.tsx";
import "../parts/confirm.css";
import "../rollouts/rollouts.css";
import "./routes.css";

/** Who goes where? */
export function RoutesPage() {
  const { t } = useSpeech();
  const { api } = useHouse();
  const routes = useWatch(api.watch.routes);
  const fleets = useWatch(api.watch.fleets);
  const rollouts = useRollouts();
  const all = [...routes.items.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return (
    <main className="page page-stack rollouts" id="content">
      <div className="toolbar">
        <div className="page-head">
          <p className="note">{t("routes.question")}</p>
          <h1>{routes.phase === "connecting" ? t("verdict.loading") : t("routes.head", { n: all.length })}</h1>
        </div>
        <div className="toolbar-group"><LinkState watches={[routes, fleets]} /></div>
      </div>
      <Unheard watch={routes} />
      {routes.phase === "connecting" && routes.problem === "" && <div className="bones" style={{ height: 220 }} />}
      {routes.phase === "live" && all.length === 0 && (
        <div className="blank">
          <strong>{t("route.none")}</strong>
          <p>{t("route.none.hint")}</p>
          <Command line={lines.apply("routes.yaml")} />
        </div>
      )}
      {all.map((route) => <RouteRow key={route.name} route={route} fleets={fleets.items} last={lastOf(rollouts.items.values(), route.name)} />)}
      {all.length > 0 && <Regions />}
      <Command line={lines.routes()} label={t("cli.same")} />
    </main>
  );
}

interface Props {
  route: Route;
  fleets: ReadonlyMap<string, Fleet>;
  /** The route's newest rollout. */
  last: Rollout | undefined;
}

/** One route: where its new sessions go, by which fleets, and its rollout. */
function RouteRow({ route, fleets, last }: Props) {
  const { t, format } = useSpeech();
  const mayOperate = useMayOperate();
  const [open, setOpen] = useState<"weights" | "rollback">();
  const shares = sharesOf(route);
  const waiting = route.status?.waiting ?? 0;
  const queue = route.spec?.queue;
  const regions = shares.some(({ fleet }) => fleets.get(fleet)?.spec?.region?.name);
  const close = () => setOpen(undefined);
  return (
    <article className="route wide" id={route.name} data-route={route.name}>
      <header>
        <h2>{route.name}</h2>
        <p className="route-who">
          <span>{t("route.players", { n: route.status?.players ?? 0 })}</span>
          <span>{t("route.sessions", { n: route.status?.sessions ?? 0 })}</span>
          <span className={waiting > 0 ? "warn" : ""}>{t("route.waiting", { n: waiting })}</span>
        </p>
        <Link to="/" search={{ route: route.name }} className="button">{t("route.rooms")}</Link>
      </header>
      <Weights route={route.name} shares={shares} />
      <div className="table-box">
        <table className="table route-fleets">
          <thead>
            <tr>
              <th scope="col">{t("route.fleet")}</th>
              <th scope="col" className="n">{t("route.newSessions")}</th>
              {regions && <th scope="col">{t("route.region")}</th>}
              <th scope="col" className="n">{t("number.sessions")}</th>
              <th scope="col" className="n">{t("number.players")}</th>
            </tr>
          </thead>
          <tbody>
            {shares.map(({ fleet, ppm }, i) => (
              <tr key={fleet}>
                <th scope="row"><i className={`w${i % 4}`} aria-hidden="true" /><Link to="/fleets/$name" params={{ name: fleet }} className="plain-link">{fleet}</Link></th>
                <td className="n"><b>{format.ppm(ppm)}</b></td>
                {regions && <td>{fleets.get(fleet)?.spec?.region?.name || <span className="note">–</span>}</td>}
                <td className="n">{format.number(fleets.get(fleet)?.status?.sessions ?? 0)}</td>
                <td className="n">{format.number(fleets.get(fleet)?.status?.seatsClaimed ?? 0)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="note route-rules">
        <span>{t("route.queue", { n: queue?.maxWaiting || 1000, span: format.length(spanMillis(queue?.maxWait) || 60_000) })}</span>
        <span>{t("route.slack", { ms: spanMillis(route.spec?.regionSlack) || 15 })}</span>
      </p>
      {last !== undefined && isUnderWay(last) && <RolloutCard rollout={last} />}
      {last !== undefined && !isUnderWay(last) && (
        <p className="note">
          {t("route.lastRollout")} <Link to="/rollouts/$name" params={{ name: last.name }} className="plain-link">{last.name}</Link>: {t(`rphase.${phaseOf(last)}`)}
        </p>
      )}
      {open === "weights" && <WeightsForm route={route} fleets={[...fleets.keys()].sort()} onClose={close} />}
      {open === "rollback" && last !== undefined && <RollbackBox rollout={last} fleet={fleets.get(last.spec?.to ?? "")} onDone={close} onKeep={close} />}
      {mayOperate && open === undefined && (
        <div className="confirm-buttons">
          <button type="button" className="button" onClick={() => setOpen("weights")}>{t("route.edit")}</button>
          {last !== undefined && phaseOf(last) !== "rolled back" && phaseOf(last) !== "replaced" && (
            <button type="button" className="button warn" onClick={() => setOpen("rollback")}>{t("rollout.rollback")}</button>
          )}
          {(last === undefined || !isUnderWay(last)) && <Link to="/rollouts" search={{ new: true, route: route.name }} className="button">{t("route.startRollout")}</Link>}
        </div>
      )}
    </article>
  );
}
