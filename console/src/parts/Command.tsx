import { useEffect, useState } from "react";
import { useSpeech } from "../i18n/language.tsx";

/** A command line that does the same as what stands beside it, to be copied. */
export function Command({ line, label }: { line: string; label?: string }) {
  const { t } = useSpeech();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div>
      {label !== undefined && <p className="note command-label">{label}</p>}
      <div className="command">
        <code>{line}</code>
        <button type="button" onClick={() => void copy(line).then(setCopied)} aria-label={`${t("cli.copy")}: ${line}`}>
          <span aria-live="polite">{copied ? t("cli.copied") : t("cli.copy")}</span>
        </button>
      </div>
    </div>
  );
}

/** Puts a text on the clipboard; a page that did not come over HTTPS or from this machine has only the old way. */
async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
