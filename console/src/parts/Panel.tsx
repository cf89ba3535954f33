import { type ReactNode, useEffect, useRef } from "react";
import { useSpeech } from "../i18n/language.tsx";
import "./panel.css";

/** A panel over the page's right edge. It takes the focus when it opens, gives it back when it goes, and Escape closes it. */
export function Panel({ title, kind, onClose, children }: { title: ReactNode; kind: string; onClose: () => void; children: ReactNode }) {
  const { t } = useSpeech();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  }, [onClose]);
  return (
    <aside className="panel" ref={panel} tabIndex={-1} aria-labelledby="panel-title">
      <header className="panel-head">
        <div>
          <p className="note">{kind}</p>
          <h2 id="panel-title">{title}</h2>
        </div>
        <button type="button" className="button plain icon" onClick={onClose} aria-label={t("panel.close")} title={`${t("panel.close")} (Esc)`}>
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M3.5 3.5l9 9m0-9l-9 9" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
          </svg>
        </button>
      </header>
      <div className="panel-body">{children}</div>
    </aside>
  );
}
