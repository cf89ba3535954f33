import { useEffect, useRef } from "react";
import { useSpeech } from "../i18n/language.tsx";

/** The filter over all servers. "/" brings the focus to it from anywhere on the page; Escape clears it, then leaves it. */
export function Filter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", slash);
    return () => document.removeEventListener("keydown", slash);
  }, []);
  return (
    <div className="filter">
      <input
        ref={input}
        className="field"
        type="search"
        value={value}
        placeholder={t("filter.placeholder")}
        aria-label={t("filter.label")}
        aria-keyshortcuts="/"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          if (value === "") input.current?.blur();
          else onChange("");
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable);
}
