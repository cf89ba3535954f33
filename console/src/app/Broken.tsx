import { useSpeech } from "../i18n/language.tsx";

/** What is left when a page's code failed. */
export function Broken({ error }: { error: unknown }) {
  const { t } = useSpeech();
  return (
    <main className="page" id="content">
      <div className="blank" role="alert">
        <strong>{t("app.broken")}</strong>
        <p>{t("app.broken.hint")}</p>
        <code>{error instanceof Error ? error.message : String(error)}</code>
        <button type="button" className="button" onClick={() => location.reload()}>{t("app.reload")}</button>
      </div>
    </main>
  );
}
