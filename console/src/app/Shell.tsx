import { Link, Outlet, useMatchRoute, useRouterState } from "@tanstack/react-router";
import { useEffect } from "react";
import { useSpeech } from "../i18n/language.tsx";
import { LoginPage } from "../session/LoginPage.tsx";
import { useHouse, useLogin, useMayOperate } from "./context.tsx";
import { OverviewLink } from "./LinkState.tsx";
import { Nav } from "./Nav.tsx";
import { titleOf } from "./title.ts";
import "./shell.css";

/** The frame of every page, and the door: without a login it shows how to get one. */
export function Shell() {
  const { t } = useSpeech();
  const login = useLogin();
  const inside = login.is === "in";
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    document.title = inside ? titleOf(path, t) : t("app.name");
  }, [inside, path, t]);
  return (
    <>
      <a className="skip" href="#content">{t("app.skip")}</a>
      <header className="shell-head">
        <Link to="/" className="wordmark" aria-label={`${t("app.name")}, ${t("app.overview")}`}>
          <Mark />
          <span>{t("app.name")}</span>
        </Link>
        {inside ? <Nav /> : <span className="shell-space" />}
        {inside && <Inside />}
        <LanguageSwitch />
      </header>
      {inside ? <Outlet /> : <LoginPage login={login} />}
    </>
  );
}

/**
 * What the frame has only for somebody who is logged in: the overview's live link, and the memory that it draws. Other pages
 * leave the overview's streams closed: a browser allows six connections to one HTTP/1.1 origin, over all its windows.
 */
function Inside() {
  const { t } = useSpeech();
  const { session, history } = useHouse();
  const mayOperate = useMayOperate();
  const onOverview = useMatchRoute()({ to: "/" }) !== false;
  useEffect(() => history.run(), [history]);
  return (
    <>
      {onOverview && <OverviewLink />}
      {!mayOperate && <span className="badge">{t("app.viewOnly")}</span>}
      <button type="button" className="button plain" onClick={() => session.leave(false)}>{t("app.signOut")}</button>
    </>
  );
}

function LanguageSwitch() {
  const { language, setLanguage, t } = useSpeech();
  const other = language === "en" ? "ja" : "en";
  return (
    <button type="button" className="button plain" lang={other} title={t("app.language.hint")} onClick={() => setLanguage(other)}>
      {t("app.language")}
    </button>
  );
}

function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="1" y="1" width="30" height="30" rx="9" fill="var(--accent)" />
      <circle cx="11" cy="19.5" r="3.6" fill="var(--on-accent)" />
      <circle cx="20.5" cy="12" r="3.6" fill="var(--on-accent)" fillOpacity=".78" />
      <circle cx="21" cy="22.3" r="2.2" fill="var(--on-accent)" fillOpacity=".55" />
    </svg>
  );
}
