import type { Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";
import { Weights } from "./Weights.tsx";
import { sharesOf } from "./weights.ts";

/** One route: where its new sessions go, and who is on it. */
export function RouteCard({ route, onRooms }: { route: Route; onRooms: (route: string) => void }) {
  const { t, format } = useSpeech();
  const shares = sharesOf(route);
  const rollout = route.status?.rollout ?? "";
  const waiting = route.status?.waiting ?? 0;
  return (
    <article className="route">
      <header>
        <h3><Link to="/routes" hash={route.name}>{route.name}</Link></h3>
        <button type="button" className="button" onClick={() => onRooms(route.name)}>{t("route.rooms")}</button>
      </header>
      <p className="route-who">
        <span>{t("route.players", { n: route.status?.players ?? 0 })}</span>
        <span>{t("route.sessions", { n: route.status?.sessions ?? 0 })}</span>
        <span className={waiting > 0 ? "warn" : ""}>{t("route.waiting", { n: waiting })}</span>
      </p>
      <Weights route={route.name} shares={shares} />
      <ul className="shares">
        {shares.map(({ fleet, ppm }, i) => (
          <li key={fleet}>
            <i className={`w${i % 4}`} aria-hidden="true" />
            <span>{fleet}</span>
            <b>{format.ppm(ppm)}</b>
          </li>
        ))}
      </ul>
      {rollout !== "" && <p className="note">{t("route.rollout")} <Link to="/rollouts/$name" params={{ name: rollout }} className="plain-link">{rollout}</Link></p>}
    </article>
  );
}
