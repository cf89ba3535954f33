import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";

const pages = [
  ["/", "app.overview"],
  ["/routes", "app.routes"],
  ["/rollouts", "app.rollouts"],
  ["/nodes", "app.nodes"],
  ["/events", "app.events"],
  ["/history", "app.history"],
  ["/costs", "app.costs"],
  ["/decisions", "app.decisions"],
  ["/simulate", "app.simulate"],
] as const;

/** The pages, each of which answers one question. */
export function Nav() {
  const { t } = useSpeech();
  return (
    <nav className="nav" aria-label={t("app.pages")}>
      {pages.map(([to, name]) => (
        <Link key={to} to={to} activeOptions={{ exact: to === "/", includeSearch: false }} className="nav-link">{t(name)}</Link>
      ))}
    </nav>
  );
}
