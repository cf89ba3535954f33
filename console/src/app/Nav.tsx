import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";
import { pages } from "./title.ts";

/** The way to every page. */
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
