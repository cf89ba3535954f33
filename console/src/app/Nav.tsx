import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";

const pages = [
  ["/", "app.overview"],
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
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }} className="nav-link">{t(name)}</Link>
      ))}
    </nav>
  );
}
