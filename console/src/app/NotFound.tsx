import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language.tsx";

/** An address that leads nowhere. */
export function NotFound() {
  const { t } = useSpeech();
  return (
    <main className="page" id="content">
      <div className="blank">
        <strong>{t("app.notFound")}</strong>
        <Link to="/" className="button">{t("app.overview")}</Link>
      </div>
    </main>
  );
}
