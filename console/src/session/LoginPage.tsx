import { lines } from "../cli/lines.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Command } from "../parts/Command.tsx";
import "./login.css";
import type { Login } from "./session.ts";

/** What somebody without a token sees: how to get a login link. */
export function LoginPage({ login }: { login: Login }) {
  const { t } = useSpeech();
  const entering = login.is === "entering" || login.is === "in";
  return (
    <main id="content" className="login">
      <div className="login-card">
        <Door open={entering} />
        <h1>{entering ? t("login.entering") : t("login.title")}</h1>
        {login.is === "out" && login.ended && <p className="login-said">{t("login.ended")}</p>}
        {login.is === "refused" && (
          <>
            <p className="problem" role="alert">{t("login.refused", { problem: login.problem })}</p>
            <p>{t("login.refused.hint")}</p>
            <Command line={lines.login()} />
          </>
        )}
        {login.is === "out" && (
          <>
            <p>{t("login.explain")}</p>
            <Command line={lines.demo()} />
            <p>{t("login.another")}</p>
            <Command line={lines.login()} />
          </>
        )}
      </div>
    </main>
  );
}

/** The house's mark: a door with people behind it. */
function Door({ open }: { open: boolean }) {
  return (
    <svg className={open ? "door open" : "door"} viewBox="0 0 96 96" width="84" height="84" aria-hidden="true">
      <rect x="8" y="8" width="80" height="80" rx="24" className="door-room" />
      <circle cx="35" cy="57" r="9" className="door-dot a" />
      <circle cx="61" cy="38" r="9" className="door-dot b" />
      <circle cx="62" cy="66" r="5.5" className="door-dot c" />
    </svg>
  );
}
