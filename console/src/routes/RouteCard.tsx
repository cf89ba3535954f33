import type { Route } from "@greenroom/client/gen/greenroom/v1/route_pb.ts";
import { useSpeech } from "../i18n/language.tsx";
import "./routes.css";
import { sharesOf } from "./weights.ts";

/** One route: where its new sessions go, and who is on it. */
export function RouteCard({ route, onRooms }: { route: Route; onRooms: (route: string) => void }) {
  const { t, format } = useSpeech();
  const shares = sharesOf(route);
  const waiting = route.status?.waiting ?? 0;
  const said = shares.map(({ fleet, ppm }) => t("route.share", { share: format.ppm(ppm), fleet })).join(", ");
  return (
    <article className="route">
      <header>
        <h3>{route.name}</h3>
        <button type="button" className="button" onClick={() => onRooms(route.name)}>{t("route.rooms")}</button>
      </header>
      <p className="route-who">
        <span>{t("route.players", { n: route.status?.players ?? 0 })}</span>
        <span>{t("route.sessions", { n: route.status?.sessions ?? 0 })}</span>
        <span className={waiting > 0 ? "warn" : ""}>{t("route.waiting", { n: waiting })}</span>
      </p>
      <div className="weights" role="img" aria-label={t("route.weights", { route: route.name, shares: said })}>
        {shares.filter(({ ppm }) => ppm > 0).map(({ fleet, ppm }, i) => (
          <i key={fleet} className={`w${i % 4}`} style={{ flexGrow: ppm }} title={t("route.share", { share: format.ppm(ppm), fleet })} />
        ))}
      </div>
      <ul className="shares">
        {shares.map(({ fleet, ppm }, i) => (
          <li key={fleet}>
            <i className={`w${i % 4}`} aria-hidden="true" />
            <span>{fleet}</span>
            <b>{format.ppm(ppm)}</b>
          </li>
        ))}
      </ul>
    </article>
  );
}
